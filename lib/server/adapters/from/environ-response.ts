/**
 * A real `http.ServerResponse` without a connection: its head goes to `start_response`, its body to a pipe.
 *
 * It has to be real, for hosts change its prototype to one that ends in `ServerResponse.prototype`; and the methods
 * that would write to a connection have to be its own properties, for then they stay. All that concerns headers is Node's.
 */

import type { Socket } from 'node:net';
import { ignore } from '../../../environ/maybe-promise.js';
import { isHopByHop } from '../../../environ/syntax.js';
import { type IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from '../../../node-http.js';
import { finishResponse } from '../../http/detached-response.js';
import type { EnvironSocket } from './environ-message.js';
import {
  alreadyFinished,
  destroyed,
  invalidChunk,
  lengthMismatch,
  nullValues,
  writeAfterEnd,
} from './node-errors.js';
import { ResponsePipe } from './response-pipe.js';

type Callback = (error?: Error | null) => void;
type Headers = OutgoingHttpHeaders | readonly (string | number | readonly string[])[];
type Chunk = string | Uint8Array;

/** Node's, and missing in its types. */
interface RawNames {
  getRawHeaderNames(): string[];
}

export class EnvironResponse {
  readonly response: ServerResponse;
  readonly pipe: ResponsePipe;
  /** Resolves when the head is to be sent; rejects if the handler failed before. */
  readonly headed: Promise<void>;
  /** The handler wants its head to go out ahead of any body. */
  flushed = false;
  readonly #socket: EnvironSocket;
  #resolve: () => void = ignore;
  #reject: (error: unknown) => void = ignore;
  #finished = false;
  /** Of the body. */
  #bytes = 0;

  constructor(message: IncomingMessage, socket: EnvironSocket) {
    const response = new ServerResponse(message);
    this.response = response;
    this.#socket = socket;
    this.headed = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A failure before it is awaited is reported in another way.
    this.headed.catch(ignore);
    this.pipe = new ResponsePipe({
      drained: () => response.emit('drain'),
      finished: () => this.#finish(),
      cutOff: () => {
        message.destroy();
        socket.destroy();
      },
    });
    response.assignSocket(socket as unknown as Socket);
    socket.once('close', () => this.fail(socket.errored ?? new Error('The handler destroyed its response')));
    Object.assign(response, {
      writeHead: this.#writeHead.bind(this),
      flushHeaders: this.#flushHeaders.bind(this),
      write: this.#write.bind(this),
      end: this.#end.bind(this),
      writeContinue: dropped,
      writeProcessing: dropped,
      writeEarlyHints: (_hints: unknown, sent?: Callback) => dropped(sent),
    });
  }

  get head(): { status: string; headers: [string, string][] } {
    const response = this.response as ServerResponse & RawNames;
    const headers: [string, string][] = [];
    for (const name of response.getRawHeaderNames()) {
      if (isHopByHop(name)) continue;
      const value = response.getHeader(name);
      for (const one of Array.isArray(value) ? value : [value]) headers.push([name, String(one)]);
    }
    return { status: `${response.statusCode} ${response.statusMessage}`, headers };
  }

  fail(error: unknown): void {
    this.#reject(error);
    this.pipe.fail(error);
  }

  get #bodiless(): boolean {
    const { statusCode, req } = this.response;
    return req.method === 'HEAD' || statusCode === 204 || statusCode === 205 || statusCode === 304;
  }

  #writeHead(status: number, reason?: string | Headers, given?: Headers): ServerResponse {
    const { response } = this;
    const named = typeof reason === 'string';
    if (!response.headersSent) setHeaders(response, given ?? (named ? undefined : reason));
    const args = named ? [status, reason] : [status];
    Reflect.apply(ServerResponse.prototype.writeHead, response, args);
    const length = response.getHeader('content-length');
    if (length !== undefined) this.pipe.promise(this.#bodiless ? 0 : Number(length));
    return response;
  }

  #flushHeaders(): void {
    this.flushed = true;
    this.#begin();
  }

  #begin(): void {
    // By its name, for middleware replaces it to have the last word on the head.
    if (!this.response.headersSent) this.response.writeHead(this.response.statusCode);
    this.#resolve();
  }

  #write(chunk: Chunk, encoding?: BufferEncoding | Callback, done?: Callback): boolean {
    const callback = typeof encoding === 'function' ? encoding : done;
    return this.#writeBytes(toBytes(chunk, encoding), callback, false);
  }

  #writeBytes(bytes: Uint8Array, callback: Callback | undefined, isLast: boolean): boolean {
    const { response } = this;
    if (response.writableEnded) return this.#refuse(writeAfterEnd(), callback);
    if (response.destroyed) return this.#refuse(destroyed(), callback);
    this.#count(bytes.length, isLast);
    this.#begin();
    if (!this.#bodiless) return this.pipe.push(bytes, callback);
    if (callback !== undefined) process.nextTick(callback);
    return true;
  }

  #end(
    chunk?: Chunk | Callback | null,
    encoding?: BufferEncoding | Callback,
    done?: Callback,
  ): ServerResponse {
    const { response } = this;
    const callback = [chunk, encoding, done].find((one) => typeof one === 'function');
    const last = isNothing(chunk) ? undefined : toBytes(chunk, encoding);
    if (response.writableEnded) {
      this.#endAgain(last, callback);
      return response;
    }
    if (last !== undefined) {
      this.#inferLength(last.length);
      this.#writeBytes(last, undefined, true);
    } else this.#begin();
    if (callback !== undefined) response.once('finish', callback);
    this.#count(0, true);
    // What `writableEnded` reads.
    Object.assign(response, { finished: true });
    this.pipe.end();
    return response;
  }

  #endAgain(last: Uint8Array | undefined, callback: Callback | undefined): void {
    const { response } = this;
    if (last !== undefined) this.#refuse(writeAfterEnd(), callback);
    else if (callback === undefined) return;
    else if (response.writableFinished) callback(alreadyFinished());
    else response.once('finish', callback);
  }

  /** @throws Error where the handler wants it: for a body that is not as long as its head has said. */
  #count(length: number, isLast: boolean): void {
    const { response } = this;
    this.#bytes += length;
    if (!response.strictContentLength || !response.headersSent || this.#bodiless) return;
    const declared = response.getHeader('content-length');
    if (declared === undefined || response.hasHeader('transfer-encoding')) return;
    const given = this.#bytes;
    if (isLast ? given === Number(declared) : given <= Number(declared)) return;
    this.#bytes -= length;
    throw lengthMismatch(given, Number(declared));
  }

  /** Node would emit the error also where nobody listens, which ends the process. */
  #refuse(error: Error, callback: Callback | undefined): false {
    const { response } = this;
    process.nextTick(() => {
      callback?.(error);
      if (!response.destroyed && response.listenerCount('error') > 0) response.emit('error', error);
    });
    return false;
  }

  /** As Node does: a body that comes in one piece has a length. */
  #inferLength(length: number): void {
    const { response } = this;
    if (response.headersSent || this.#bodiless) return;
    if (response.hasHeader('content-length') || response.hasHeader('transfer-encoding')) return;
    response.setHeader('Content-Length', length);
  }

  #finish(): void {
    if (this.#finished || this.#socket.destroyed) return;
    this.#finished = true;
    const { response } = this;
    response.detachSocket(this.#socket as unknown as Socket);
    finishResponse(response);
  }
}

/** An informational response is not sent on; the handler that sent it is told that it was. */
function dropped(sent?: Callback): void {
  if (sent !== undefined) process.nextTick(sent);
}

/** Equal names in a list, flat or of pairs, are values of one header. */
function setHeaders(response: ServerResponse, given: Headers | undefined): void {
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries((given ?? {}) as OutgoingHttpHeaders)) {
      if (value !== undefined) response.setHeader(name, value);
    }
    return;
  }
  const headers = Array.isArray(given[0]) ? given.flat() : given;
  const named = new Map<string, [name: string, values: string[]]>();
  for (let i = 0; i < headers.length; i += 2) {
    const name = String(headers[i]);
    const entry = named.get(name.toLowerCase()) ?? [name, []];
    entry[1].push(...[headers[i + 1]].flat().map(String));
    named.set(name.toLowerCase(), entry);
  }
  for (const [name, values] of named.values()) {
    response.setHeader(name, values.length === 1 ? (values[0] as string) : values);
  }
}

/** As Node has it: nothing is written for what is false, nor for a callback. */
function isNothing(chunk: Chunk | Callback | null | undefined): chunk is Callback | null | undefined {
  return (!chunk && chunk !== '') || typeof chunk === 'function';
}

function toBytes(chunk: Chunk, encoding?: BufferEncoding | Callback): Uint8Array {
  if (typeof chunk === 'string') {
    return Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8');
  }
  if (chunk instanceof Uint8Array) return chunk;
  throw chunk === null ? nullValues() : invalidChunk(chunk);
}
