/** Arguments as Python takes them: by position, or by name in a last plain object. */

/** A dict of Python for the outside: no prototype, so that no key of it can be an inherited name. */
export type Dict<T> = Record<string, T>;

export function makeDict<T>(pairs: Iterable<readonly [string, T]> = []): Dict<T> {
  const dict = Object.create(null) as Dict<T>;
  for (const [key, value] of pairs) dict[key] = value;
  return dict;
}

/** Types of optional arguments: some of them by position, then a plain object that has others by name. */
export type Given<Positions extends readonly unknown[], Keywords> =
  | { [Position in keyof Positions]?: Positions[Position] | undefined }
  | ThenKeywords<Positions, { readonly [Name in keyof Keywords]: Keywords[Name] | undefined }>;
type ThenKeywords<Positions extends readonly unknown[], Keywords> = Positions extends readonly [
  ...infer First,
  unknown,
]
  ? [...{ [Position in keyof First]: First[Position] | undefined }, Keywords] | ThenKeywords<First, Keywords>
  : never;

/**
 * Optional arguments by name, whichever way they were given: `f(x, 1, 2)`, `f(x, { b: 2 })` or `f(x, 1, { b: 2 })`.
 * @param callable for the message. @param names of the optional parameters, in Python's order.
 * @throws TypeError for a name that the function does not have, one that is given twice, or too many positions.
 */
export function bind(callable: string, names: readonly string[], given: readonly unknown[]): Dict<unknown> {
  const last = given.at(-1);
  const positional = isKeywords(last) ? given.slice(0, -1) : given;
  const bound = makeDict<unknown>();
  if (positional.length > names.length) {
    throw new TypeError(
      `${callable}() takes ${names.length} optional arguments, but ${positional.length} were given`,
    );
  }
  for (const [i, value] of positional.entries()) if (value !== undefined) bound[names[i] as string] = value;
  if (!isKeywords(last)) return bound;
  for (const [name, value] of Object.entries(last)) {
    if (!names.includes(name)) throw new TypeError(`${callable}() has no argument ${name}`);
    if (name in bound) throw new TypeError(`${callable}() got ${name} twice`);
    if (value !== undefined) bound[name] = value;
  }
  return bound;
}

/** Bytes, lists, Maps and instances of classes are values, not keywords. */
function isKeywords(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
