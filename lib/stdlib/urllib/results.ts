/** What `urlsplit`, `urlparse` and `urldefrag` return: tuples whose items have names, as Python's SplitResult and kin. */
import { textOf } from './coerce.js';
import { hostInfoOf, portOf, userInfoOf } from './netloc.js';
import { unparse, unsplit } from './unsplit.js';

/** Text, or bytes if the URL was given as bytes. */
export type Component = string | Buffer;

/** An array that cannot change. */
abstract class NamedTuple<T extends Component> extends Array<T> {
  /** `map` and `filter` give ordinary arrays. */
  static override readonly [Symbol.species] = Array;

  constructor(...items: T[]) {
    super(...items);
    Object.freeze(this);
  }

  /** Names of the items, in their order. */
  protected abstract get names(): readonly string[];

  /** The URL, put together again. */
  abstract geturl(): T;

  /** A copy with other items: `parts._replace({ query: '' })`. @throws TypeError for a name that it does not have. */
  _replace(items: Readonly<Record<string, T>>): this {
    const { names } = this;
    const wrong = Object.keys(items).filter((name) => !names.includes(name));
    if (wrong.length > 0) throw new TypeError(`Got unexpected field names: ${wrong.join(', ')}`);
    const Result = this.constructor as new (...items: T[]) => this;
    return new Result(...names.map((name, i) => (Object.hasOwn(items, name) ? items[name] : this[i]) as T));
  }

  /** Text as the items are. */
  protected as(text: string): T;
  protected as(text: string | null): T | null;
  protected as(text: string | null): T | null {
    if (text === null) return null;
    return (typeof this[0] === 'string' ? text : Buffer.from(text, 'latin1')) as T;
  }

  protected texts(): string[] {
    return Array.from(this, textOf);
  }
}

/** What both have that know a netloc. */
abstract class UrlResult<T extends Component> extends NamedTuple<T> {
  declare readonly 0: T;
  declare readonly 1: T;
  declare readonly 2: T;
  declare readonly 3: T;
  declare readonly 4: T;

  /** In lower case. */
  get scheme(): T {
    return this[0];
  }

  /** User, host and port, as they are in the URL. */
  get netloc(): T {
    return this[1];
  }

  get path(): T {
    return this[2];
  }

  /** Up to the last `@` of netloc; null if it has none. Escapes stay. */
  get username(): T | null {
    return this.as(userInfoOf(textOf(this.netloc)).username);
  }

  get password(): T | null {
    return this.as(userInfoOf(textOf(this.netloc)).password);
  }

  /** In lower case, without brackets; null if it is empty. */
  get hostname(): T | null {
    return this.as(hostInfoOf(textOf(this.netloc)).hostname);
  }

  /** Null if there is none. @throws ValueError if it is not a number, or above 65535. */
  get port(): number | null {
    const { port } = hostInfoOf(textOf(this.netloc));
    return port === null ? null : portOf(port, this.as(port));
  }
}

/** `[scheme, netloc, path, query, fragment]`. */
export class SplitResult<T extends Component = string> extends UrlResult<T> {
  get query(): T {
    return this[3];
  }

  get fragment(): T {
    return this[4];
  }

  geturl(): T {
    return this.as(unsplit(this.texts()));
  }

  protected get names(): readonly string[] {
    return ['scheme', 'netloc', 'path', 'query', 'fragment'];
  }
}

/** `[scheme, netloc, path, params, query, fragment]`. */
export class ParseResult<T extends Component = string> extends UrlResult<T> {
  declare readonly 5: T;

  /** What follows `;` in the last segment of the path. */
  get params(): T {
    return this[3];
  }

  get query(): T {
    return this[4];
  }

  get fragment(): T {
    return this[5];
  }

  geturl(): T {
    return this.as(unparse(this.texts()));
  }

  protected get names(): readonly string[] {
    return ['scheme', 'netloc', 'path', 'params', 'query', 'fragment'];
  }
}

/** `[url, fragment]`. */
export class DefragResult<T extends Component = string> extends NamedTuple<T> {
  declare readonly 0: T;
  declare readonly 1: T;

  get url(): T {
    return this[0];
  }

  get fragment(): T {
    return this[1];
  }

  geturl(): T {
    const [url = '', fragment = ''] = this.texts();
    return this.as(fragment === '' ? url : `${url}#${fragment}`);
  }

  protected get names(): readonly string[] {
    return ['url', 'fragment'];
  }
}
