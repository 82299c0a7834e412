/** The one request of a CGI process, from its environment and standard input to standard output. */
import type { Readable } from 'node:stream';
import { fileWrapper } from '../../environ/file/file-wrapper.js';
import { BlockingBodyInput, BodyInput } from '../../environ/input/input.js';
import { ignore } from '../../environ/maybe-promise.js';
import type {
  Application,
  ApplicationOn,
  BlockingApplication,
  Environ,
  ErrorStream,
} from '../../environ/types.js';
import { ClientDisconnected } from '../../errors.js';
import { errorResponse } from '../../interpreter/error-response.js';
import { Interpreter } from '../../interpreter/interpreter.js';
import { report } from '../../interpreter/report.js';
import { Forwarded } from '../http/forwarded.js';
import { LINGER_MS } from '../http/linger.js';
import type { ResolvedOptions } from '../options/options.js';
import { CgiBody } from './cgi-body.js';
import { buildCgiEnviron } from './cgi-environ.js';
import type { CgiOutput } from './cgi-output.js';
import { CgiSink, NO_READER } from './cgi-sink.js';

/** Milliseconds; less than the HTTP server has, for a whole process waits here. */
const SILENCE_MS = 2000;

/** What a web server gives to a script. */
export interface CgiStreams {
  /** Native strings. */
  readonly variables: ReadonlyMap<string, string>;
  readonly openInput: () => Readable;
  readonly output: CgiOutput;
  readonly errors: ErrorStream;
  /** The application blocks, and so do `wsgi.input` and the output. Default: false. */
  readonly blocking?: boolean;
}

export class CgiExchange {
  /** Resolves when the application is done: to true if its response was written to its end. */
  readonly finished: Promise<boolean>;
  readonly #streams: CgiStreams;
  readonly #options: ResolvedOptions;
  readonly #isHead: boolean;
  readonly #sink: CgiSink;
  readonly #interpreter: Interpreter;
  readonly #aborter = new AbortController();
  readonly #body: CgiBody;

  constructor(streams: CgiStreams, options: ResolvedOptions) {
    this.#streams = streams;
    this.#options = options;
    let done = (_rest?: Promise<unknown>) => {};
    const { output, variables, openInput } = streams;
    this.#body = new CgiBody(openInput, variables, options.limitRequestBody || Number.POSITIVE_INFINITY);
    const method = variables.get('REQUEST_METHOD');
    const url = (variables.get('SCRIPT_NAME') ?? '') + (variables.get('PATH_INFO') ?? '');
    this.#isHead = method === 'HEAD';
    this.#sink = new CgiSink(output, (rest) => done(rest));
    this.#interpreter = new Interpreter(this.#sink, { method, url }, report);
    this.finished = new Promise((resolve) => {
      done = (rest) => {
        // Its client closed the connection. (An application that was ended for another reason may never finish.)
        if (rest !== undefined && this.abortSignal.aborted) {
          void rest.then(() => done());
          return;
        }
        output.watch(ignore);
        this.#body.discard();
        resolve(this.#sink.complete);
      };
    });
    output.watch(() => this.disconnect(new ClientDisconnected(NO_READER)));
  }

  /** Fires when the response can no longer be sent. */
  get abortSignal(): AbortSignal {
    return this.#aborter.signal;
  }

  run(application: Application | BlockingApplication): void {
    let environ: Environ;
    try {
      environ = this.#describe();
    } catch (error) {
      this.#interpreter.fail(error);
      return;
    }
    this.#interpreter.run(application as ApplicationOn<Environ>, environ);
  }

  /** Ends the response with an error, as if the application had thrown it. */
  fail(error: unknown): void {
    this.#interpreter.fail(error);
  }

  /** Answers 500 without an application; the log is the caller's. */
  refuse(): void {
    const { head, body } = errorResponse(undefined, this.#isHead);
    this.#sink.head(head);
    this.#sink.end(this.#isHead ? undefined : body);
  }

  /** Reads what the application left of the body, within bounds. */
  drain(): Promise<void> {
    return this.#body.drain(SILENCE_MS, LINGER_MS);
  }

  disconnect(error: ClientDisconnected): void {
    this.#body.fail(error);
    this.#aborter.abort(error);
    this.#interpreter.disconnect(error);
  }

  #describe(): Environ {
    const { variables, errors, blocking = false } = this.#streams;
    const { environ: baseEnviron, forwardedAllowIps = [] } = this.#options;
    if (this.#body.refusal !== undefined) throw this.#body.refusal;
    const body = this.#body;
    const environ = buildCgiEnviron(variables, {
      input: blocking ? new BlockingBodyInput({ pull: () => body.pullNow() }) : new BodyInput(body),
      errors,
      fileWrapper,
      abortSignal: this.abortSignal,
      nonblocking: !blocking,
      baseEnviron,
    });
    if (forwardedAllowIps.length > 0) new Forwarded(forwardedAllowIps, false).apply(environ);
    return environ;
  }
}
