/** `TestResponse`: what came back, as a test looks at it. */
import { charsetOf, decoderOf } from '../environ/form/charset.js';
import type { HeaderList } from '../environ/types.js';
import { WsgiError } from '../errors.js';
import type { ResponseBody } from './response-body.js';

/** The request that a response answers. */
export interface SentRequest {
  readonly method: string;
  /** All of it, percent-encoded. */
  readonly url: string;
}

interface ResponseParts {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly body: ResponseBody;
  readonly request: SentRequest | undefined;
  /** What was written to `wsgi.errors` so far. */
  errors(): string;
  readonly earlyHints: readonly HeaderList[];
  /** Settles when the application is done, with what failed on the way. */
  readonly over: Promise<void>;
  /** The client leaves. */
  leave(): void;
}

export class TestResponse implements AsyncIterable<Buffer> {
  /** `200 OK`. */
  readonly status: string;
  /** `200`. */
  readonly statusCode: number;
  /** `OK`. */
  readonly reason: string;
  /** As the application and the gateway gave them: order, case, repeated names. Values are native strings. */
  readonly headers: HeaderList;
  /** None for `runWsgiApp`, which is given an environ. */
  readonly request: SentRequest | undefined;
  /** The redirects that led here, first one first. */
  readonly history: readonly TestResponse[];
  readonly #parts: ResponseParts;

  /** @internal */
  constructor(parts: ResponseParts, history: readonly TestResponse[] = []) {
    const { statusCode, reason, headers, request } = parts;
    this.statusCode = statusCode;
    this.reason = reason;
    this.status = reason === '' ? `${statusCode}` : `${statusCode} ${reason}`;
    this.headers = headers;
    this.request = request;
    this.history = history;
    this.#parts = parts;
  }

  /** The value of a header, in any case; values of a repeated one are joined with `, `. Undefined if there is none. */
  header(name: string): string | undefined {
    const values = this.headerAll(name);
    return values.length === 0 ? undefined : values.join(', ');
  }

  /** All values of a header: what Set-Cookie needs. */
  headerAll(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.headers.filter(([one]) => one.toLowerCase() === wanted).map(([, value]) => value);
  }

  /** False while the application has more to give, and for good if the response was cut short. */
  get complete(): boolean {
    return this.#parts.body.complete;
  }

  /** The blocks that came so far, as the application gave them. */
  get blocks(): readonly Buffer[] {
    return this.#parts.body.blocks;
  }

  /** All of the body; what came of it, if it was cut short. @throws WsgiError while it is being streamed. */
  get body(): Buffer {
    if (this.#parts.body.paced && !this.complete) {
      throw new WsgiError(
        'WSGI_ERR_TESTING_BODY',
        'The body of this response is being streamed: await response.finished() first, or iterate the response',
      );
    }
    return Buffer.concat(this.blocks);
  }

  /**
   * The body by the charset of its Content-Type, also as Python calls it (`latin-1`); UTF-8 if it names none.
   * @throws RangeError for one that Node cannot decode.
   */
  get text(): string {
    const charset = charsetOf(this.header('content-type') ?? '');
    const decode = decoderOf(charset);
    if (decode === undefined) {
      throw new RangeError(`The response has a charset that is not supported: ${JSON.stringify(charset)}`);
    }
    return decode(this.body);
  }

  /** The body taken for JSON, whatever its Content-Type. @throws SyntaxError that shows the body. */
  get json(): unknown {
    const { text } = this;
    try {
      return JSON.parse(text);
    } catch (cause) {
      const shown = text.length > 200 ? `${text.slice(0, 200)}...` : text;
      throw new SyntaxError(`The body is not JSON: ${JSON.stringify(shown)}`, { cause });
    }
  }

  /** What the application wrote to `wsgi.errors` so far. */
  get errors(): string {
    return this.#parts.errors();
  }

  /** What it passed to `wsgi.early_hints`, call by call. */
  get earlyHints(): readonly HeaderList[] {
    return this.#parts.earlyHints;
  }

  /** The blocks as they come, from the first one on; the application goes on when the next one is asked for. */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    return this.#parts.body.read();
  }

  /**
   * Takes the rest of the body, and waits until the iterable is closed.
   * @throws what the application threw meanwhile, unless `throwErrors` is false.
   */
  async finished(): Promise<this> {
    this.#parts.body.letGo();
    await this.#parts.over;
    return this;
  }

  /** Leaves before the end, as a client does: `node.abort_signal` fires, the iterable is closed. Waits for that. */
  async close(): Promise<void> {
    this.#parts.leave();
    await this.#parts.over;
  }

  /** @internal */
  withHistory(history: readonly TestResponse[]): TestResponse {
    return new TestResponse(this.#parts, history);
  }
}
