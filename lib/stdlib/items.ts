/** Objects that are used as Python's dicts are: `d['a']`, `d['a'] = x`, `delete d['a']`, `'a' in d`, `Object.keys(d)`. */
import { KeyError } from './errors.js';

/** The items, in the order in which they were added. A symbol, so that no item can have its name. */
export const ITEMS = Symbol('items');
/** What `d['a'] = x` does. */
export const SET_ITEM = Symbol('set item');

export interface Mapping {
  readonly [ITEMS]: Map<string, unknown>;
  [SET_ITEM](name: string, value: unknown): void;
}

/** JavaScript itself asks any value for these (`await`, `JSON.stringify`): for them, "missing" is not an error. */
const ASKED = ['then', 'toJSON'];

/**
 * The class with instances whose items are reached by name. What the class has comes first: an item called `output` does
 * not hide a method of that name. All other names are those of items, also the ones that every object inherits.
 */
export function withItems<C extends new (...given: never[]) => Mapping>(target: C): C {
  return new Proxy(target, {
    construct: (...made) => new Proxy(Reflect.construct(...made) as Mapping, ACCESS),
  });
}

const ACCESS: ProxyHandler<Mapping> = {
  get(target, name, receiver) {
    if (typeof name === 'symbol' || isMember(target, name)) return Reflect.get(target, name, receiver);
    const items = target[ITEMS];
    if (items.has(name)) return items.get(name);
    if (ASKED.includes(name) || (name in Object.prototype && name !== '__proto__')) {
      return Reflect.get(target, name, receiver);
    }
    throw new KeyError(name);
  },
  set(target, name, value, receiver) {
    // A field that a class of the program declares is not an item: it may be a secret.
    if (typeof name === 'symbol' || Object.hasOwn(target, name)) return Reflect.set(target, name, value);
    Reflect.apply(target[SET_ITEM], receiver, [name, value]);
    return true;
  },
  has(target, name) {
    return typeof name === 'symbol' ? Reflect.has(target, name) : target[ITEMS].has(name);
  },
  deleteProperty(target, name) {
    if (typeof name === 'symbol') return Reflect.deleteProperty(target, name);
    if (!target[ITEMS].delete(name)) throw new KeyError(name);
    return true;
  },
  ownKeys: (target) => [...target[ITEMS].keys()],
  getOwnPropertyDescriptor(target, name) {
    if (typeof name === 'symbol' || !target[ITEMS].has(name)) return undefined;
    return { value: target[ITEMS].get(name), writable: true, enumerable: true, configurable: true };
  },
};

/** Whether the object or its classes have the name: `Object` is left out, and `constructor`, which no program calls. */
function isMember(target: object, name: string): boolean {
  if (name === 'constructor') return false;
  for (
    let at: object | null = target;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    if (Object.hasOwn(at, name)) return true;
  }
  return false;
}
