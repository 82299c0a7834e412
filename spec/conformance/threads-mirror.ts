/**
 * What an application in a thread records, as the spec sees it: after each change all of it is written to a file, before
 * the change returns; the spec reads the file whenever it looks.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { types } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import type { Mirror } from '../../lib/conformance/scenario.js';

/** For the thread. */
export function writeTo(file: string): Mirror {
  return (seen) => {
    const save = () => {
      writeFileSync(`${file}.new`, serialize(plain(seen)));
      // Complete at once for readers.
      renameSync(`${file}.new`, file);
    };
    save();
    return watched(seen, save);
  };
}

/** For the spec. @param file tells which, at each look. */
export function readFrom(file: () => string): Mirror {
  return (seen) =>
    new Proxy(seen, { get: (target, name) => Reflect.get({ ...target, ...read(file()) }, name) });
}

/** Nothing, until the application was called. */
function read(file: string): object {
  return existsSync(file) ? (deserialize(readFileSync(file)) as object) : {};
}

export function recordOf(file: string, id: string): string {
  return `${file}-${encodeURIComponent(id)}`;
}

/** The only thread answers it when it is through with all that came before. */
export const PROBE = '/through/with/all/before';

/** The same object, whose changes, and those of all in it, are told of. */
function watched<T extends object>(value: T, changed: () => void): T {
  return new Proxy(value, {
    get(target, name, receiver) {
      const found: unknown = Reflect.get(target, name, receiver);
      return isRecord(found) ? watched(found, changed) : found;
    },
    set(target, name, item) {
      const done = Reflect.set(target, name, item);
      changed();
      return done;
    },
  });
}

/** Objects and arrays of JavaScript itself, of which a Proxy is as good. */
function isRecord(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  return Array.isArray(value) || Object.prototype.toString.call(value) === '[object Object]';
}

/** What can be written: functions and promises are left out, and a class is no more than its fields. */
function plain(value: unknown, depth = 0): unknown {
  if (typeof value === 'function' || types.isPromise(value) || depth > 8) return undefined;
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  if (!isRecord(value)) return typeof value === 'object' && value !== null ? cloneable(value) : value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item, depth + 1)]));
}

function cloneable(value: object): unknown {
  try {
    return deserialize(serialize(value));
  } catch {
    return undefined;
  }
}
