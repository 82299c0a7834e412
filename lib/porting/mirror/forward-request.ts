/** A request on its way to the other server: its head goes at once, its body as it comes, and it ends with the client. */
import { request as httpsRequest } from 'node:https';
import { RequestScope } from '../../current-request.js';
import { ignore } from '../../environ/maybe-promise.js';
import type { AnyEnviron, Environ } from '../../environ/types.js';
import { type ClientRequest, request as httpRequest } from '../../node-http.js';
import { mayHaveBody, readSome } from '../../server/adapters/from/environ-request.js';
import { MAX_HEAD } from '../fields.js';
import { ForwardedAnswer } from './forward-answer.js';
import { endToEnd, headOf, type Upstream, UpstreamError } from './forward-head.js';

const BLOCK = 64 * 1024;

export class ForwardedRequest {
  /** Rejects with an UpstreamError. */
  readonly answer: Promise<ForwardedAnswer>;
  readonly #outgoing: ClientRequest;
  readonly #environ: Environ;
  readonly #timeoutMs: number;
  /** It is the client that is waited for, and not the other server. */
  #reading = false;

  constructor(upstream: Upstream, environ: Environ) {
    this.#environ = environ;
    this.#outgoing = openRequest(upstream, environ);
    this.answer = answerOf(this.#outgoing, environ, () => {
      if (this.#reading) return undefined;
      return new UpstreamError(`it was silent for ${upstream.timeoutMs / 1000} s`, 504);
    });
    this.#timeoutMs = upstream.timeoutMs;
    // Who waits for it may have failed before.
    this.answer.catch(ignore);
    this.#watchClient();
  }

  end(): void {
    this.#outgoing.destroy();
  }

  /**
   * The signal also fires for a client that has closed its side alone, and reads on: the other server is told in the same way,
   * and does what it does without a proxy. If the client has left, the request is over.
   */
  #watchClient(): void {
    const outgoing = this.#outgoing;
    const signal: AbortSignal | undefined = this.#environ['node.abort_signal'];
    const halfClose = () => {
      if (outgoing.writableFinished) outgoing.socket?.end();
      else outgoing.once('finish', () => outgoing.socket?.end());
    };
    if (signal?.aborted) halfClose();
    else {
      signal?.addEventListener('abort', halfClose, { once: true });
      outgoing.once('close', () => signal?.removeEventListener('abort', halfClose));
    }
    RequestScope.of(this.#environ['wsgi.input'])?.whenOver(() => outgoing.destroy());
  }

  /**
   * Copies `wsgi.input`. Rejects with what that throws, unless there is an answer by then, which may be whole; a server that
   * takes no more is not a failure, for it may answer.
   */
  async send(): Promise<void> {
    const outgoing = this.#outgoing;
    let answered = false;
    this.answer.then(() => {
      answered = true;
    }, ignore);
    try {
      await this.#sendBody();
    } catch (error) {
      if (!answered) throw error;
      // A body that is cut, for the other server too.
      outgoing.socket?.end();
    }
  }

  async #sendBody(): Promise<void> {
    const outgoing = this.#outgoing;
    let block = await this.#firstBlock();
    while (block.length > 0 && !outgoing.destroyed) {
      if (!outgoing.write(block)) await roomIn(outgoing);
      if (this.#blocks) await aTurn();
      block = await this.#read();
    }
    outgoing.end();
    // Its silence begins now, also if nothing was left to write.
    outgoing.setTimeout(this.#timeoutMs);
  }

  async #read(): Promise<Uint8Array> {
    this.#reading = true;
    try {
      return await readSome(this.#environ, BLOCK);
    } finally {
      this.#reading = false;
    }
  }

  /** Reads the start of the body, or that there is none. The head is sent before that, if it is known or takes a while. */
  async #firstBlock(): Promise<Uint8Array> {
    const outgoing = this.#outgoing;
    const { CONTENT_LENGTH: length = '', 'wsgi.input': input } = this.#environ;
    // Ours know. An input of middleware shows it with its first block.
    const { isEmpty } = input as { readonly isEmpty?: boolean };
    const hasLength = length !== '';
    if (isEmpty && !hasLength) return this.#withoutBody();
    let late: NodeJS.Immediate | undefined;
    if (this.#blocks) {
      if (hasLength || (isEmpty === false && mayHaveBody(this.#environ))) await this.#sendHead();
    } else if (hasLength || isEmpty === false) {
      // It goes with the first block, where that is there.
      late = setImmediate(() => outgoing.flushHeaders());
    }
    const first = await this.#read().finally(() => clearImmediate(late));
    return first.length === 0 && !outgoing.headersSent ? this.#withoutBody() : first;
  }

  /** A body without a length is chunked, if there is one. */
  #withoutBody(): Uint8Array {
    this.#outgoing.useChunkedEncodingByDefault = false;
    return new Uint8Array();
  }

  /** In a thread: reading blocks it, so that nothing of this connection goes on meanwhile. */
  get #blocks(): boolean {
    return (this.#environ as AnyEnviron)['node.nonblocking'] === false;
  }

  /** Resolves when it has gone, or cannot. */
  async #sendHead(): Promise<void> {
    const outgoing = this.#outgoing;
    outgoing.flushHeaders();
    await new Promise<void>((resolve) => {
      outgoing.once('close', resolve);
      const connected = () => resolve();
      outgoing.once('socket', (socket) => {
        if (socket.connecting) socket.once('connect', connected).once('secureConnect', connected);
        else resolve();
      });
    });
    await aTurn();
  }
}

function openRequest(upstream: Upstream, environ: Environ): ClientRequest {
  const { url, timeoutMs } = upstream;
  const { path, headers } = headOf(upstream, environ);
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const { REQUEST_METHOD: method, CONTENT_LENGTH: length = '' } = environ;
  const outgoing = open(url, {
    method,
    path,
    headers,
    agent: false,
    setHost: false,
    timeout: timeoutMs,
    maxHeaderSize: MAX_HEAD,
  });
  // Node would leave out those after the thousandth.
  outgoing.maxHeadersCount = 0;
  // A server that answers before it has read the body, and closes at once, resets the connection: the answer is lost.
  outgoing.setHeader('Connection', 'keep-alive');
  outgoing.useChunkedEncodingByDefault = length === '';
  outgoing.on('error', ignore);
  return outgoing;
}

/** @param silent what a silence is; undefined if it is not the other server's. */
function answerOf(
  outgoing: ClientRequest,
  environ: Environ,
  silent: () => UpstreamError | undefined,
): Promise<ForwardedAnswer> {
  return new Promise((resolve, reject) => {
    // Made now: the connection may fail before the promise is seen to have settled.
    outgoing.once('response', (message) => resolve(new ForwardedAnswer(message, outgoing)));
    outgoing.once('upgrade', (_message, socket) => {
      reject(new UpstreamError('it has switched to another protocol, which the request did not ask for'));
      socket.destroy();
    });
    outgoing.once('error', (error) => reject(new UpstreamError(error.message)));
    outgoing.once('close', () => reject(new UpstreamError('the request was given up')));
    // Of the request itself there is only one such event, ever.
    const onTimeout = () => {
      const late = silent();
      if (late === undefined) return;
      reject(late);
      outgoing.destroy(late);
    };
    outgoing.once('socket', (socket) => socket.on('timeout', onTimeout));
    outgoing.on('information', ({ statusCode, rawHeaders }) => {
      if (statusCode === 103) passHints(environ, endToEnd(rawHeaders));
    });
  });
}

/** They are only hints: ones that our server does not send are left out. */
function passHints(environ: Environ, headers: [string, string][]): void {
  try {
    environ['wsgi.early_hints']?.(headers);
  } catch {
    // The client has left, or they have no valid form.
  }
}

function roomIn(outgoing: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off('drain', done).off('close', done);
      resolve();
    };
    outgoing.on('drain', done).on('close', done);
  });
}

function aTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
