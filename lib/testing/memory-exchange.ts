/** One request and its response in memory: the interpreter over a sink that keeps what it is given. */
import { inspect } from 'node:util';
import { ignore } from '../environ/maybe-promise.js';
import type {
  AnyEnviron,
  Application,
  ApplicationOn,
  Bytes,
  Environ,
  ErrorStream,
  HeaderList,
} from '../environ/types.js';
import { ApplicationError, ClientDisconnected } from '../errors.js';
import { checkApplication } from '../interpreter/application-faults.js';
import { Interpreter } from '../interpreter/interpreter.js';
import { type NamedRequest, report } from '../interpreter/report.js';
import { checkEarlyHints } from '../interpreter/response-head.js';
import { type ResponseHead, type Sink, Turns } from '../interpreter/sink.js';
import { checkOptionNames } from '../option-names.js';
import { withBlockingCalls } from '../subscription.js';
import { MemoryErrors } from '../util/testing-defaults.js';
import type { MemoryBody } from './memory-body.js';
import { ResponseBody } from './response-body.js';
import { type SentRequest, TestResponse } from './test-response.js';

interface ExchangeOptions {
  /** As the log names it. */
  readonly named: NamedRequest;
  /** What the application throws is thrown in the test. Otherwise it is logged, and answered with 500. */
  readonly throwErrors: boolean;
  /** The response is there with its head, and the application goes on as its body is read. */
  readonly stream: boolean;
  readonly request?: SentRequest | undefined;
  readonly input?: MemoryBody | undefined;
  /** Fires when the client leaves. */
  readonly signal?: AbortSignal | undefined;
}

/** What `wsgi.errors` is, as far as it can be read back. */
interface Readable {
  readonly text: string;
}

export class MemoryExchange implements Sink {
  started = false;
  hijacked = false;
  readonly #options: ExchangeOptions;
  readonly #interpreter: Interpreter;
  readonly #aborter = new AbortController();
  readonly #body: ResponseBody;
  readonly #turns = new Turns();
  readonly #hints: HeaderList[] = [];
  readonly #response: Promise<TestResponse>;
  readonly #over: Promise<void>;
  #errors: Readable = { text: '' };
  #resolve: (response: TestResponse) => void = ignore;
  #reject: (error: unknown) => void = ignore;
  #finish: (outcome: void | Promise<void>) => void = ignore;
  #answer: TestResponse | undefined;
  /** The first thing that the application threw. */
  #thrown: { error: unknown } | undefined;
  /** The last thing that the interpreter reported without an error. */
  #remark = 'The response was cut short';
  #left: ClientDisconnected | undefined;
  #done = false;
  /** The application blocks: nothing may wait. */
  #blocks = false;
  /** It opened its WebSocket: takes the close code when it has returned, or thrown. */
  #socketEnded: (code: number) => void = ignore;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#body = new ResponseBody(options.stream);
    this.#interpreter = new Interpreter(this, options.named, (message, ...thrown) =>
      this.#report(message, thrown),
    );
    this.#response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#over = new Promise((resolve) => {
      this.#finish = resolve;
    });
    // A test need not ask.
    this.#over.catch(ignore);
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** The callable of environ. */
  readonly earlyHints = (headers: HeaderList): void => {
    const flat = checkEarlyHints(headers);
    if (this.#answer === undefined && !this.#done) this.#hints.push(paired(flat));
  };

  /** @param describe makes the environ; what it throws is answered as a server would. */
  run<E extends AnyEnviron>(
    application: ApplicationOn<E>,
    describe: () => { environ: E; errors: Readable },
  ): Promise<TestResponse> {
    let environ: E;
    try {
      ({ environ, errors: this.#errors } = describe());
    } catch (error) {
      this.#interpreter.fail(error);
      return this.#response;
    }
    const { signal } = this.#options;
    signal?.throwIfAborted();
    signal?.addEventListener('abort', this.#leave);
    this.#interpreter.run(application, environ);
    return this.#response;
  }

  /**
   * As `run`, for an application that blocks: it is done when this returns.
   * @throws TypeError if it is not, for something of it gave a promise.
   */
  runNow<E extends AnyEnviron>(
    application: ApplicationOn<E>,
    describe: () => { environ: E; errors: Readable },
  ): TestResponse {
    let outcome = (): TestResponse => {
      this.#interpreter.disconnect();
      throw gavePromise();
    };
    this.#blocks = true;
    this.#resolve = (response) => {
      outcome = () => response;
    };
    this.#reject = (error) => {
      outcome = () => {
        throw error;
      };
    };
    withBlockingCalls(() => void this.run(application, describe));
    return outcome();
  }

  /**
   * The application opened its WebSocket: that is the response.
   * @param ended takes the close code when the application has returned (1000) or thrown (1011).
   */
  openSocket(headers: HeaderList, ended: (code: number) => void): void {
    this.hijacked = true;
    this.#socketEnded = ended;
    this.head({ status: 101, reason: 'Switching Protocols', headers: headers.flat() });
    this.#body.end();
  }

  // Sink

  head({ status, reason, headers }: Pick<ResponseHead, 'status' | 'reason' | 'headers'>): void {
    this.#answer = new TestResponse({
      statusCode: status,
      reason,
      headers: paired(headers),
      body: this.#body,
      request: this.#options.request,
      errors: () => this.#errors.text,
      earlyHints: this.#hints,
      over: this.#over,
      leave: this.#leave,
    });
    // Where it is the answer to an error, the error is what the test is told.
    if (this.#options.stream && this.#thrown === undefined) this.#resolve(this.#answer);
  }

  chunk(bytes: Bytes): Promise<void> | undefined {
    return this.#body.push(bytes);
  }

  pass(): Promise<void> | undefined {
    return this.#blocks ? undefined : this.#turns.next();
  }

  flush(): void {}

  end(last?: Bytes): void {
    this.#socketEnded(1000);
    if (last !== undefined) void this.#body.push(last);
    this.#body.end();
  }

  abort(): void {
    this.#socketEnded(1011);
    if (this.hijacked) return;
    this.#thrown ??= this.#options.throwErrors ? { error: new ApplicationError(this.#remark) } : undefined;
    this.#body.fail(this.#thrown?.error ?? new ApplicationError(this.#remark));
  }

  done(): void {
    this.#done = true;
    const { stream, input, signal } = this.#options;
    input?.discard();
    signal?.removeEventListener('abort', this.#leave);
    if (this.#thrown !== undefined) {
      this.#reject(this.#thrown.error);
      this.#finish(Promise.reject(this.#thrown.error));
    } else {
      if (this.#left !== undefined) this.#reject(this.#left);
      else if (!stream && this.#answer !== undefined) this.#resolve(this.#answer);
      this.#finish();
    }
  }

  #report(message: string, thrown: [error?: unknown] | []): void {
    const [error] = thrown;
    if (thrown.length === 0) this.#remark = message;
    const throws = thrown.length > 0 && this.#options.throwErrors && !this.#done;
    if (throws) this.#thrown ??= { error };
    // Once a streamed response was read, the test may not wait for it any more.
    if (!throws || (this.#options.stream && this.#body.complete)) report(message, ...thrown);
  }

  readonly #leave = (): void => {
    if (this.#done) return;
    const error = new ClientDisconnected();
    this.#left = error;
    this.#aborter.abort(error);
    this.#options.input?.fail(error);
    this.#body.fail(error);
    this.#interpreter.disconnect(error);
  };
}

function gavePromise(): TypeError {
  return new TypeError(
    'The application, its body or a block of that is a promise: { blocking: true } is for applications that block, ' +
      'leave it out and await the response',
  );
}

/** Makes `wsgi.errors` of an environ readable: what the application writes goes where it would, and is kept as well. */
export function keepErrors(environ: AnyEnviron): MemoryErrors {
  const errors: ErrorStream | undefined = environ['wsgi.errors'];
  if (errors instanceof MemoryErrors) return errors;
  const kept = new MemoryErrors(errors);
  // A test may have taken it away.
  if (errors !== undefined) environ['wsgi.errors'] = kept;
  return kept;
}

export function paired(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return pairs;
}

export interface RunOptions {
  /** What the application throws is thrown here. Default: true; false answers with 500, as a server does. */
  readonly throwErrors?: boolean | undefined;
  /** Resolve with the head, and let the application go on as the body is read. Default: false. */
  readonly stream?: boolean | undefined;
}

/**
 * One call of an application with an environ that is there, by the rules of the gateway. The application gets a copy
 * of it. What it writes to `wsgi.errors` goes where it would, and is in `response.errors` as well.
 * @throws what the application throws, and ApplicationError for a rule of PEP 3333 that it breaks; ConfigError for an
 *   application that is not a function, TypeError for arguments that cannot work.
 */
export async function runWsgiApp(
  application: Application,
  environ: Readonly<Record<string, unknown>>,
  options: RunOptions = {},
): Promise<TestResponse> {
  checkApplication(application);
  checkOptionNames('runWsgiApp', options, ['throwErrors', 'stream'], TypeError);
  if (typeof environ !== 'object' || environ === null) {
    throw new TypeError(
      `runWsgiApp takes an environ, such as that of createEnviron(), not ${inspect(environ)}`,
    );
  }
  const { throwErrors = true, stream = false } = options;
  const { REQUEST_METHOD, SCRIPT_NAME = '', PATH_INFO = '' } = environ;
  const named = { method: String(REQUEST_METHOD), url: `${SCRIPT_NAME}${PATH_INFO}` };
  const exchange = new MemoryExchange({ named, throwErrors, stream });
  return exchange.run(application, () => {
    const copy = Object.assign(Object.create(null) as Environ, environ);
    return { environ: copy, errors: keepErrors(copy) };
  });
}
