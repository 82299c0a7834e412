/** What the other server answered, as an application answers: status, headers, and the body as it comes. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { ignore } from '../../environ/maybe-promise.js';
import type { Body, Bytes, StartResponse } from '../../environ/types.js';
import { checkHead } from '../../interpreter/response-head.js';
import { endToEnd, UpstreamError } from './forward-head.js';

type Step = IteratorResult<Bytes, undefined>;

/** The body comes as it comes. If it is cut, so is the response to the client. */
export class ForwardedAnswer implements AsyncIterable<Bytes> {
  readonly #message: IncomingMessage;
  readonly #outgoing: ClientRequest;
  readonly #blocks: AsyncIterator<Bytes, undefined>;
  #first: Promise<Step> | undefined;
  /** How the connection failed. */
  #failure: Error | undefined;

  /** To be made as soon as the head has come. */
  constructor(message: IncomingMessage, outgoing: ClientRequest) {
    this.#message = message;
    this.#outgoing = outgoing;
    this.#blocks = message[Symbol.asyncIterator]();
    // A failure is shown by the iterator, if there is one by then.
    message.on('error', ignore);
    outgoing.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  /**
   * Gives the head to `start_response`. It goes to the client now, unless a block of the body, or its end, is here too.
   * @throws UpstreamError for what cannot be passed on, as long as the client can have another answer.
   */
  async passTo(start_response: StartResponse): Promise<Body> {
    try {
      const { status, headers } = this.#head();
      const isPrompt = await this.#isPrompt();
      const write = start_response(status, headers);
      // An empty block sends the head (PEP 3333 "The write() Callable").
      if (!isPrompt) await write(Buffer.alloc(0));
      return this;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #head(): { status: string; headers: [string, string][] } {
    const { statusCode = 0, statusMessage = '', rawHeaders } = this.#message;
    if (!this.#isDecoded) throw new UpstreamError('its Transfer-Encoding is not chunked alone');
    // White space in a reason is its sender's own affair (RFC 9112 section 4), and a response of WSGI has less of it.
    const status = `${String(statusCode).padStart(3, '0')} ${statusMessage.replaceAll('\t', ' ').trim()}`;
    // Of CGI, and of servers that have their answer from one: an application of WSGI cannot have it.
    const headers = endToEnd(rawHeaders).filter(([name]) => name.toLowerCase() !== 'status');
    try {
      checkHead(status, headers);
    } catch (error) {
      throw new UpstreamError(`its answer cannot be passed on. ${(error as Error).message}`);
    }
    return { status, headers };
  }

  /** Nothing but chunks around the body, which Node has taken off. */
  get #isDecoded(): boolean {
    return /^(?:chunked)?$/i.test(this.#coding);
  }

  get #coding(): string {
    return this.#message.headers['transfer-encoding']?.trim() ?? '';
  }

  /** True if the first block or the end is here, or comes before the event loop is round. */
  async #isPrompt(): Promise<boolean> {
    const first = this.#next();
    this.#first = first;
    first.catch(ignore);
    const later = new Promise<false>((resolve) => setImmediate(resolve, false));
    try {
      // A connection that has failed tells its body a little later.
      const seen = this.#failure === undefined ? await Promise.race([first, later]) : await first;
      return seen !== false;
    } catch (error) {
      throw new UpstreamError(`its answer has no beginning. ${String((error as Error).cause)}`);
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Bytes, undefined> {
    return {
      next: () => {
        const first = this.#first ?? this.#next();
        this.#first = undefined;
        return first;
      },
    };
  }

  async #next(): Promise<Step> {
    try {
      const step = await this.#blocks.next();
      if (!step.done || this.#failure === undefined || this.#hasEnd) return step;
    } catch (cause) {
      throw cut(this.#failure ?? cause);
    }
    // To Node a connection that is reset is one that has ended.
    throw cut(this.#failure);
  }

  /** Its head says where the body ends: not where the connection does. */
  get #hasEnd(): boolean {
    const { headers, statusCode } = this.#message;
    const isBodiless = this.#outgoing.method === 'HEAD' || statusCode === 204 || statusCode === 304;
    return isBodiless || headers['content-length'] !== undefined || this.#coding !== '';
  }

  close(): void {
    this.#outgoing.destroy();
  }
}

function cut(cause: unknown): Error {
  return new Error('The server that forward() asked cut its answer', { cause });
}
