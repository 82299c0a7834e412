/** What a wrong value is, for a message. */

/** The kind of a value and its size; never its content, which may be a secret. */
export function shapeOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `${nameOf(value)} of ${value.byteLength} bytes`;
  if (typeof value === 'object') return nameOf(value);
  return `a ${typeof value}`;
}

const MOST_CHARACTERS = 60;

/** A string that is no secret, on one line; the shape of anything else. */
export function quote(value: unknown): string {
  if (typeof value !== 'string') return shapeOf(value);
  return JSON.stringify(value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}…` : value);
}

function nameOf(value: object): string {
  const type: unknown = value.constructor;
  return `an object of type ${(typeof type === 'function' && type.name) || 'Object'}`;
}
