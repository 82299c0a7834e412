/** `EnvironBuilder`: an environ as the server would build it, from what a test says of a request. */

import { inspect } from 'node:util';
import { buildEnviron, gatewayFacts, type RequestServices, type SignalSource } from '../environ/environ.js';
import { BlockingBodyInput, BodyInput } from '../environ/input/input.js';
import { ignore } from '../environ/maybe-promise.js';
import { TOKEN } from '../environ/syntax.js';
import type { BlockingEnviron, Environ } from '../environ/types.js';
import { validateHeaderName, validateHeaderValue } from '../node-http.js';
import { checkOptionNames } from '../option-names.js';
import { MemoryErrors } from '../util/testing-defaults.js';
import { type Address, addressOf, hostOf, parseSite, scriptNameOf, urlOf } from './address.js';
import { type Content, contentOf, encodeFields, fieldPairs } from './content.js';
import { MemoryBody } from './memory-body.js';
import {
  eachPair,
  REQUEST_OPTIONS,
  type RequestHeaders,
  type RequestOptions,
  SITE_OPTIONS,
  type SiteOptions,
} from './request-options.js';

export type EnvironOptions = RequestOptions & SiteOptions;

/** What the request itself says, in environ. */
const OF_REQUEST =
  /^(?:REQUEST_METHOD|PATH_INFO|QUERY_STRING|REQUEST_URI|RAW_URI|CONTENT_TYPE|CONTENT_LENGTH|wsgi\.input)$/;

/** A client on this machine, with a port of the range for clients (RFC 6335 section 6). */
const REMOTE = { remoteAddr: '127.0.0.1', remotePort: '49152' };

export class EnvironBuilder {
  readonly method: string;
  /** All of it, as a browser would show it. */
  readonly url: string;
  /** Flat: name, value, name, value, as they would be sent. */
  readonly rawHeaders: readonly string[];
  /** @internal */
  readonly address: Address;
  /** @internal */
  readonly content: Content | undefined;
  readonly #options: EnvironOptions;

  /**
   * @param path percent-encoded or not, with a query or without; or a whole URL.
   * @throws TypeError for options that contradict each other, or that no request could carry.
   */
  constructor(path = '/', options: EnvironOptions = {}) {
    checkOptionNames('EnvironBuilder', options, [...REQUEST_OPTIONS, ...SITE_OPTIONS], TypeError);
    const { method = 'GET', query, baseUrl = 'http://localhost/' } = options;
    if (typeof method !== 'string' || !TOKEN.test(method)) {
      throw new TypeError(`This is not a method of HTTP: ${JSON.stringify(method)}`);
    }
    checkValues(options);
    const text =
      query === undefined || typeof query === 'string' ? query : encodeFields(fieldPairs(query, 'query'));
    this.method = method;
    this.address = addressOf(parseSite(baseUrl), path, text);
    this.url = urlOf(this.address);
    this.content = contentOf(options);
    this.rawHeaders = this.#allHeaders(options);
    this.#options = options;
  }

  /**
   * A fresh environ, with a fresh `wsgi.input`: two of one builder share nothing.
   * @throws RequestError for what a server would refuse without asking the application, such as a malformed Host.
   */
  build(): Environ {
    return this.buildWith(this.openInput(), new AbortController());
  }

  /** @internal */
  openInput(): MemoryBody | undefined {
    if (this.content === undefined) return undefined;
    const declared = this.#header('content-length');
    return new MemoryBody(this.content, declared === undefined ? undefined : Number(declared));
  }

  /**
   * @internal
   * @param rawHeaders those that came, where they are not those of the builder.
   */
  buildWith(
    input: MemoryBody | undefined,
    aborter: SignalSource,
    earlyHints: RequestServices['earlyHints'] = ignore,
    rawHeaders: readonly string[] = this.rawHeaders,
  ): Environ {
    const { head, connection, facts } = this.#parts(rawHeaders, true);
    const services = { input: new BodyInput(input), aborter, earlyHints };
    return this.#adjust(buildEnviron(head, connection, facts, services));
  }

  /** @internal For an application that blocks: `wsgi.input` gives what it reads at once. */
  buildBlocking(
    input: MemoryBody | undefined,
    aborter: SignalSource,
    earlyHints: RequestServices['earlyHints'],
    more: readonly string[] = [],
  ): BlockingEnviron {
    const { head, connection, facts } = this.#parts([...this.rawHeaders, ...more], false);
    const source = input && { pull: () => input.pullNow() };
    const services = { input: new BlockingBodyInput(source), aborter, earlyHints };
    return this.#adjust(buildEnviron(head, connection, facts, services));
  }

  #parts(rawHeaders: readonly string[], nonblocking: boolean) {
    const { httpVersion = '1.1' } = this.#options;
    const { site, target } = this.address;
    const head = {
      method: this.method,
      url: target,
      httpVersionMajor: 1,
      httpVersionMinor: httpVersion === '1.1' ? 1 : 0,
      rawHeaders,
    };
    const { scheme, hostname, port } = site;
    const serverPort = port || (scheme === 'https' ? '443' : '80');
    const connection = { ...REMOTE, scheme, serverName: hostname, serverPort };
    const named = { ident: 'wsgi', scriptName: '' };
    const facts = gatewayFacts(named, new MemoryErrors(), { scriptName: scriptNameOf(site), nonblocking });
    return { head, connection, facts };
  }

  /** What the test wants to be otherwise. */
  #adjust<E extends Environ | BlockingEnviron>(built: E): E {
    const { environBase, environ: overrides = {} } = this.#options;
    const environ: Record<string, unknown> = built;
    for (const [key, value] of Object.entries(environBase ?? {})) {
      if (!OF_REQUEST.test(key) && !(key.startsWith('HTTP_') && key in environ)) environ[key] = value;
    }
    for (const [key, value] of Object.entries(overrides)) {
      if (value === undefined) delete environ[key];
      else environ[key] = value;
    }
    return built;
  }

  #allHeaders({ headers = [], auth }: EnvironOptions): string[] {
    const given = headerPairs(headers);
    const has = (wanted: string) => given.some(([name]) => name.toLowerCase() === wanted);
    const all: (readonly [string, string])[] = [];
    if (!has('host')) all.push(['Host', hostOf(this.address.site)]);
    if (auth !== undefined) {
      if (has('authorization')) throw new TypeError('Give auth or a header Authorization, not both');
      all.push(['Authorization', `Basic ${Buffer.from(auth.join(':')).toString('base64')}`]);
    }
    const { content, method } = this;
    if (content?.type !== undefined && !has('content-type')) all.push(['Content-Type', content.type]);
    // As the Fetch standard: a POST or PUT says that its body is empty.
    const length = content === undefined ? 0 : content.length;
    const sends = length !== undefined && (content !== undefined || method === 'POST' || method === 'PUT');
    const declared = given.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
    if (declared === undefined) {
      if (sends) all.push(['Content-Length', String(length)]);
    } else if (!/^\d+$/.test(declared) || (length ?? Number(declared)) !== Number(declared)) {
      throw new TypeError(
        `The header Content-Length (${declared}) is not the length of the body: leave it out, or set ` +
          'environ.CONTENT_LENGTH to see what the application does with a wrong one',
      );
    }
    return [...all, ...given].flat();
  }

  #header(wanted: string): string | undefined {
    const at = this.rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === wanted);
    return at === -1 ? undefined : this.rawHeaders[at + 1];
  }
}

/** @throws TypeError for a value that would be taken for another, or fail elsewhere. */
function checkValues({ httpVersion, auth, environ, environBase }: EnvironOptions): void {
  if (httpVersion !== undefined && httpVersion !== '1.1' && httpVersion !== '1.0') {
    throw new TypeError(`httpVersion is '1.1' or '1.0', not ${inspect(httpVersion)}`);
  }
  if (auth !== undefined && !(Array.isArray(auth) && auth.length === 2)) {
    throw new TypeError(`auth is [username, password], not ${inspect(auth)}`);
  }
  for (const [name, keys] of Object.entries({ environ, environBase })) {
    if (keys !== undefined && (typeof keys !== 'object' || keys === null)) {
      throw new TypeError(`${name} takes an object of keys, not ${inspect(keys)}`);
    }
  }
}

/** As werkzeug's `create_environ`: `new EnvironBuilder(path, options).build()`. */
export function createEnviron(path?: string, options?: EnvironOptions): Environ {
  return new EnvironBuilder(path, options).build();
}

/** @throws TypeError for a name or a value that no request can carry. */
export function headerPairs(headers: RequestHeaders): [string, string][] {
  if (typeof headers !== 'object' || headers === null) {
    throw new TypeError(`headers takes an object, pairs or Headers, not ${inspect(headers)}`);
  }
  return Array.from(eachPair(headers), ([name, given]) => {
    const value = String(given);
    validateHeaderName(name);
    validateHeaderValue(name, value);
    // Parsers take off the white space around a value (RFC 9110 section 5.5).
    return [name, value.replace(/^[ \t]+|[ \t]+$/g, '')];
  });
}
