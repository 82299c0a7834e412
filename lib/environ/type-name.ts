/** What a wrong argument is, for a message: never its content, which may be a secret. */

/** `a string`, `an object of type Map`, `null`. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  const type: unknown = value.constructor;
  const name = typeof type === 'function' ? type.name : '';
  return name === '' || name === 'Object' ? 'an object' : `an object of type ${name}`;
}
