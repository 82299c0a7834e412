/** Names and values of a query or a form. */
import type { Fields, Scalar } from './request-options.js';

/** @param option for the message. @throws TypeError for a value that is no text, number, boolean or list of those. */
export function fieldPairs(fields: Fields, option: string): [string, string][] {
  const pairs: [string, string][] = [];
  const add = (name: string, value: unknown) => {
    if (!isScalar(value))
      throw new TypeError(`${option}: the value of ${name} is no text, number or boolean`);
    pairs.push([String(name), String(value)]);
  };
  if (typeof fields !== 'object' || fields === null) {
    throw new TypeError(`${option} takes an object, pairs or URLSearchParams, not ${typeof fields}`);
  }
  if (isIterable(fields)) for (const [name, value] of fields) add(name, value);
  else {
    for (const [name, value] of Object.entries(fields)) {
      if (value === null || value === undefined) continue;
      for (const one of Array.isArray(value) ? value : [value]) add(name, one);
    }
  }
  return pairs;
}

/** `application/x-www-form-urlencoded`, in UTF-8. */
export function encodeFields(pairs: [string, string][]): string {
  return new URLSearchParams(pairs).toString();
}

function isScalar(value: unknown): value is Scalar {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}

function isIterable(fields: object): fields is Iterable<readonly [string, Scalar]> {
  return Symbol.iterator in fields;
}
