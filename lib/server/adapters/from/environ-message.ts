/** A real `http.IncomingMessage` made from environ, whose body is `wsgi.input`. */

import { isIP, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { ignore } from '../../../environ/maybe-promise.js';
import type { Environ } from '../../../environ/types.js';
import { IncomingMessage } from '../../../node-http.js';
import type { HostedMessage } from '../node/host-request.js';
import { mayHaveBody, rawHeadersOf, readSome, targetsOf } from './environ-request.js';

/** What a handler may ask of the connection; nothing can be read from it or written to it. */
export class EnvironSocket extends Duplex {
  readonly encrypted: boolean;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly remoteFamily: 'IPv4' | 'IPv6';
  readonly localAddress: string | undefined;
  readonly localPort: number;

  constructor(environ: Environ) {
    super();
    const { REMOTE_ADDR = '', REMOTE_PORT, SERVER_NAME, SERVER_PORT } = environ;
    const serverName = SERVER_NAME.replace(/^\[(.*)\]$/, '$1');
    this.encrypted = environ['wsgi.url_scheme'] === 'https';
    this.remoteAddress = REMOTE_ADDR === '' ? undefined : REMOTE_ADDR;
    this.remotePort = REMOTE_PORT === undefined ? undefined : Number(REMOTE_PORT);
    this.remoteFamily = REMOTE_ADDR.includes(':') ? 'IPv6' : 'IPv4';
    this.localAddress = isIP(serverName) === 0 ? undefined : serverName;
    this.localPort = Number(SERVER_PORT);
    // A handler that destroys the response with an error means it for the client, and nothing here can take it.
    this.on('error', ignore);
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  /** A handler that ends the connection has nothing more to hear from it. */
  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  address(): { port: number } {
    return { port: this.localPort };
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** Methods are the object's own, for Express puts prototypes of its own below it. */
export function makeMessage(environ: Environ, socket: EnvironSocket): IncomingMessage {
  const message: HostedMessage = new IncomingMessage(socket as unknown as Socket);
  const { whole, inner, mount } = targetsOf(environ);
  const minor = environ.SERVER_PROTOCOL === 'HTTP/1.0' ? 0 : 1;
  message.method = environ.REQUEST_METHOD;
  message.url = environ.PATH_INFO === '*' ? '*' : inner;
  message.httpVersionMajor = 1;
  message.httpVersionMinor = minor;
  message.httpVersion = `1.${minor}`;
  if (mount !== '') {
    message.originalUrl = whole;
    message.baseUrl = mount;
  }
  setHeaders(message, environ);
  message._read = (size) => {
    // Node's own lets the stream know that it is read from now on.
    Reflect.apply(IncomingMessage.prototype._read, message, [size]);
    readSome(environ, size).then(
      (bytes) => {
        message.complete = bytes.length === 0;
        message.push(bytes.length === 0 ? null : bytes);
      },
      (error) => message.destroy(error),
    );
  };
  return message;
}

function setHeaders(message: IncomingMessage, environ: Environ): void {
  const raw = rawHeadersOf(environ);
  // Body parsers look for one of two headers to know that there is a body (RFC 9112 section 6.3).
  if (!environ.CONTENT_LENGTH && mayHaveBody(environ)) raw.push('Transfer-Encoding', 'chunked');
  message.rawHeaders = raw;
  // Node makes these from what its parser counted.
  message.headers = {};
  message.headersDistinct = {};
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    message.headers[name] = raw[i + 1];
    message.headersDistinct[name] = [raw[i + 1] as string];
  }
}
