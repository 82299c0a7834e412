/** What parts of an exchange ask of its header fields: values by their name, the type of a body. */
import type { Fields } from './exchange.js';
import { parseMediaType } from './media-type.js';

/** Bytes of a head that is read, for the sake of memory. Node's own 16 KiB are less than what a server may send, as many cookies. */
export const MAX_HEAD = 1024 * 1024;

/** The value of the first field of that name, which is in lower case. */
export function firstValue(fields: Fields, name: string): string | undefined {
  return fields.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Those of all fields of that name, which is in lower case. */
export function valuesOf(fields: Fields, name: string): string[] {
  return fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value.trim());
}

/** Of Content-Type: in lower case, without its parameters. */
export function mediaTypeOf(fields: Fields): string {
  return parseMediaType(firstValue(fields, 'content-type')).type;
}

/** Of the Content-Type of a multipart body. */
export function boundaryIn(fields: Fields): string | undefined {
  return parseMediaType(firstValue(fields, 'content-type')).parameters.get('boundary');
}

/** Split at commas outside of quotes; empty ones do not count. */
export function itemsOf(value: string): string[] {
  const items = value.match(/(?:"(?:[^"\\]|\\.)*"?|<[^>]*>?|[^,"<])+/g) ?? [];
  return items.map((item) => item.trim()).filter((item) => item !== '');
}
