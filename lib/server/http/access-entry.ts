/** What the access log says of an exchange. */
import type { IncomingMessage } from 'node:http';
import type { Environ } from '../../environ/types.js';
import type { AccessEntry } from '../log/access-format.js';
import { basicUser } from '../log/access-log.js';

/** The exchange, as far as the log shows it. */
export interface Logged {
  readonly message: IncomingMessage;
  /** The client's address. */
  readonly remoteAddr: string;
  /** When it came: milliseconds since the epoch, and by a clock that nobody sets. */
  readonly time: number;
  readonly began: number;
  readonly status: number;
  readonly bytes: number;
  readonly scriptName: string;
  /** If the log asks for it: the application may have changed it. */
  readonly environ: Environ | undefined;
  responseHeader(name: string): string | undefined;
}

export class LoggedRequest implements AccessEntry {
  readonly duration: number;
  readonly #logged: Logged;

  constructor(logged: Logged) {
    this.#logged = logged;
    this.duration = performance.now() - logged.began;
  }

  get remoteAddr(): string {
    return this.#logged.remoteAddr;
  }

  get user(): string | undefined {
    return basicUser(this.#logged.message.headers.authorization);
  }

  get time(): Date {
    return new Date(this.#logged.time);
  }

  get method(): string {
    return this.#logged.message.method ?? '';
  }

  get target(): string {
    return this.#logged.message.url ?? '';
  }

  get protocol(): string {
    return `HTTP/${this.#logged.message.httpVersion}`;
  }

  get status(): number {
    return this.#logged.status;
  }

  get bytes(): number {
    return this.#logged.bytes;
  }

  get scriptName(): string {
    return this.#logged.scriptName;
  }

  header(name: string): string | undefined {
    const value = this.#logged.message.headers[name];
    return typeof value === 'string' ? value : value?.join(', ');
  }

  responseHeader(name: string): string | undefined {
    return this.#logged.responseHeader(name);
  }

  variable(name: string): unknown {
    const { environ } = this.#logged;
    if (environ === undefined) return undefined;
    const key = Object.keys(environ).find((key) => key.toLowerCase() === name);
    return key === undefined ? undefined : (environ as Record<string, unknown>)[key];
  }
}
