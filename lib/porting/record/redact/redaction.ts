/**
 * What of an exchange is a secret, and does not come into the archive: values of cookies, credentials, password fields, and what
 * the options name. Each is replaced by text that stays the same for the same secret, everywhere in a recording.
 */

import { codingOf } from '../../codings.js';
import type { Fields } from '../../exchange.js';
import { firstValue } from '../../fields.js';
import { parseMediaType } from '../../media-type.js';
import { FieldNames } from './field-names.js';
import { Chain, CodedFilter, type Filter, JsonOrFilter, KnownFilter, UNCHANGED } from './filter.js';
import { HtmlInputsFilter } from './html-inputs.js';
import { JsonFilter } from './json.js';
import { KnownSecrets } from './known-secrets.js';
import { MultipartFilter } from './multipart.js';
import { redactPairs, UrlencodedFilter } from './urlencoded.js';

const CREDENTIALS = new Set(['authorization', 'proxy-authorization']);
/** Their value is a URL, whose query may be that of a form. */
const LINKS = new Set(['referer', 'location', 'content-location', 'refresh', 'link']);
/** Text that may have a secret in it. */
const TEXT = /^(?:text\/|application\/(?:(?:.*\+)?xml|(?:x-)?javascript|x-ndjson)$|$)/;

export interface RedactionOptions {
  /** More names of fields in forms, JSON and queries, in any case. */
  readonly fields?: readonly string[];
  /** More headers, in any case, whose whole value is a secret. */
  readonly headers?: readonly string[];
  /** Told what could not be looked into. */
  readonly onunseen?: (sentence: string) => void;
}

export class Redaction {
  readonly #known = new KnownSecrets();
  readonly #names: FieldNames;
  readonly #headers: ReadonlySet<string>;
  readonly #onunseen: (sentence: string) => void;

  constructor({ fields = [], headers = [], onunseen = () => {} }: RedactionOptions = {}) {
    this.#names = new FieldNames(fields);
    this.#headers = new Set(headers.map((name) => name.toLowerCase()));
    this.#onunseen = onunseen;
  }

  target(target: string): string {
    const question = target.indexOf('?');
    if (question === -1) return this.#replaceKnown(target);
    const query = redactPairs(target.slice(question + 1), this.#names, this.#known);
    return this.#replaceKnown(`${target.slice(0, question)}?${query}`);
  }

  fields(fields: Fields): [name: string, value: string][] {
    return fields.map(([name, value]) => [name, this.#field(name, value)]);
  }

  /** A WebSocket message. */
  message(data: string | Buffer): string | Buffer {
    if (typeof data !== 'string') return data;
    const native = Buffer.from(data, 'utf8');
    const filter = /^\s*[{[]/.test(data) ? new Chain(this.#json(), this.#text()) : this.#text();
    const done = Buffer.concat([filter.push(native), filter.end()]);
    return done.equals(native) ? data : done.toString('utf8');
  }

  /** For the body of a message with these fields. */
  body(fields: Fields, target: string): Filter {
    const type = firstValue(fields, 'content-type') ?? '';
    const coding = (firstValue(fields, 'content-encoding') ?? 'identity').trim().toLowerCase();
    const filter = this.#filterFor(type);
    if (coding === 'identity' || coding === '' || filter === UNCHANGED) return filter;
    const unseen = () =>
      this.#onunseen(
        `The body of ${target.split('?', 1)[0]} is recorded as it is: its secrets cannot be seen (${coding})`,
      );
    const known = codingOf(coding);
    if (known !== undefined) return new CodedFilter(known, filter, unseen);
    unseen();
    return UNCHANGED;
  }

  #filterFor(contentType: string): Filter {
    const { type, parameters } = parseMediaType(contentType);
    // A form is what curl says of all that it sends, and what stands without a type may be one.
    if (type === 'application/x-www-form-urlencoded' || type === '') {
      return new Chain(
        new JsonOrFilter(this.#json(), new UrlencodedFilter(this.#names, this.#known)),
        this.#text(),
      );
    }
    // `fetch` of browsers sends strings as text.
    if (type === 'text/plain') return new Chain(new JsonOrFilter(this.#json(), UNCHANGED), this.#text());
    if (type === 'multipart/form-data') {
      const boundary = parameters.get('boundary');
      return boundary === undefined ? UNCHANGED : new MultipartFilter(boundary, this.#names, this.#known);
    }
    if (/^(?:application|text)\/(?:.*\+)?json(?:-patch|lines)?$/.test(type))
      return new Chain(this.#json(), this.#text());
    if (/^(?:text\/html|application\/xhtml\+xml)$/.test(type)) {
      return new Chain(new HtmlInputsFilter(this.#names, this.#known), this.#text());
    }
    return TEXT.test(type) ? this.#text() : UNCHANGED;
  }

  #field(name: string, value: string): string {
    const lower = name.toLowerCase();
    if (this.#headers.has(lower)) return this.#known.replace(name, value);
    if (lower === 'cookie')
      return value
        .split(';')
        .map((pair) => this.#cookie(pair))
        .join(';');
    if (lower === 'set-cookie') return this.#setCookie(value);
    if (CREDENTIALS.has(lower)) return this.#credentials(name, value);
    return this.#replaceKnown(LINKS.has(lower) ? this.#link(value) : value);
  }

  /** `name=value`, with white space around; quotation marks stay. A nameless one is all secret. */
  #cookie(pair: string): string {
    const [, name = '', start = '', value = '', end = ''] =
      /^([^=]*=)?(\s*"?)(.*?)("?\s*)$/s.exec(pair) ?? [];
    return name + start + this.#known.replace(name.replace('=', '').trim() || 'cookie', value) + end;
  }

  /** Name and attributes stay. */
  #setCookie(value: string): string {
    const semicolon = value.indexOf(';');
    const end = semicolon === -1 ? value.length : semicolon;
    return this.#cookie(value.slice(0, end)) + value.slice(end);
  }

  /** The scheme stays: `Bearer redacted-…`. */
  #credentials(name: string, value: string): string {
    const space = value.indexOf(' ');
    if (space === -1) return this.#known.replace(name, value);
    return `${value.slice(0, space)} ${this.#known.replace(name, value.slice(space + 1).trim())}`;
  }

  #link(url: string): string {
    return url.replace(
      /\?([^#>\s]*)/,
      (_, query: string) => `?${redactPairs(query, this.#names, this.#known)}`,
    );
  }

  #replaceKnown(text: string): string {
    return this.#known.replaceIn(text).done;
  }

  #json(): Filter {
    return new JsonFilter(this.#names, this.#known);
  }

  #text(): Filter {
    return new KnownFilter(this.#known);
  }
}
