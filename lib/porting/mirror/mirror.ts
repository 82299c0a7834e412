/** `mirror`: in production the original answers, and the candidate gets a copy of the request after that. */
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { isMainThread, workerData } from 'node:worker_threads';
import { RequestScope } from '../../current-request.js';
import type {
  AnyEnviron,
  ApplicationOn,
  Body,
  Environ,
  MaybePromise,
  StartResponse,
} from '../../environ/types.js';
import { ConfigError } from '../../errors.js';
import { describeThrown, logger } from '../../logger.js';
import { checkApplication } from '../../middleware/arguments.js';
import { mayHaveBody, urlOf } from '../../server/adapters/from/environ-request.js';
import { parseTarget } from '../../server/cli/load-app.js';
import { isThreadData } from '../../server/threads/shared/thread-data.js';
import { Ignore } from '../diff/ignore.js';
import { CandidateHere } from './candidate-here.js';
import type { CandidateSource, Runner } from './candidate-source.js';
import { CandidateThread } from './candidate-thread.js';
import { Budget, CapturedAnswer } from './captured-answer.js';
import { isBodiless } from './compare-copies.js';
import { CopiedInput } from './copied-input.js';
import { copyKeys, sendableKeys } from './copied-request.js';
import { Copies } from './copies.js';
import { forward } from './forward.js';
import { type MirrorOptions, type MirrorSettings, mirrorSettings } from './mirror-options.js';
import { register } from './registered.js';

/**
 * An application; the URL of a server, `http://127.0.0.1:9000`; or the name of an application, `./candidate.js:app` as the
 * command has it, or the URL of such a path, which gets a thread of its own.
 */
export type MirrorCandidate<E extends AnyEnviron = Environ> = ApplicationOn<E> | string | URL;

/**
 * Answers with `original`. When a response is complete, `candidate` gets a copy of its request, and `report` is told what
 * its answer has in common with the original's. Nothing that the candidate does reaches a client:
 *
 * - copied are the requests of `methods`, without WebSockets: environ as it came, and of a body what the original reads,
 *   if that is all of it. `wsgi.input` of a request without a body is not touched;
 * - the answer of the original is copied as it goes by, up to `maxBody`. It stays what it was: a list, a file, synchronous;
 * - copies wait in a queue of `maxQueue` and `maxQueueBytes`. What finds no room is left out, and counted as `dropped`;
 * - the candidate has `timeout` seconds, and is read up to `maxBody`.
 *
 * On the event loop a candidate that is a function shares it: one that blocks has to be named, and gets a thread of its
 * own. Where handlers run in threads, each of them has another thread beside it for the candidate, a function too: it loads
 * the script again, and finds there what `mirror()` is called with. It may block, hang or exit.
 * @throws ConfigError for arguments and options that cannot work.
 */
export function mirror<E extends AnyEnviron = Environ>(
  original: ApplicationOn<E>,
  candidate: MirrorCandidate<E>,
  options: MirrorOptions = {},
): ApplicationOn<E> {
  checkApplication('mirror', original, 'an original');
  const settings = mirrorSettings(options);
  const source = sourceOf(candidate);
  const mirrored = new Mirror(source, settings);
  return (environ, start_response) => mirrored.call(original, environ, start_response);
}

type Source = { readonly app: ApplicationOn<AnyEnviron>; readonly number: number } | CandidateSource;

/** @throws ConfigError for what is not a candidate. */
function sourceOf<E extends AnyEnviron>(candidate: MirrorCandidate<E>): Source {
  if (typeof candidate === 'function') {
    const app = candidate as unknown as ApplicationOn<AnyEnviron>;
    return { app, number: register(app) };
  }
  register(undefined);
  if (typeof candidate !== 'string' && !(candidate instanceof URL)) {
    throw new ConfigError(
      `mirror() takes a candidate that is a function, 'http://HOST:PORT' or './candidate.js:app', not ` +
        inspect(candidate, { depth: 0 }),
    );
  }
  const text = String(candidate);
  if (/^https?:/i.test(text)) {
    forward(text);
    return { url: text };
  }
  const named = text.startsWith('file:') ? fileURLToPath(text) : text;
  parseTarget(named);
  return { named };
}

class Mirror {
  readonly #source: Source;
  readonly #settings: MirrorSettings;
  readonly #budget: Budget;
  #copies: Copies | undefined;

  constructor(source: Source, settings: MirrorSettings) {
    this.#source = source;
    this.#settings = settings;
    this.#budget = new Budget(settings.maxQueueBytes);
  }

  call<E extends AnyEnviron>(
    original: ApplicationOn<E>,
    environ: E,
    start_response: StartResponse,
  ): MaybePromise<Body> {
    const copy = this.#isCopied(environ) ? this.#begin(environ) : undefined;
    return copy === undefined
      ? original(environ, start_response)
      : copy.call(original, environ, start_response);
  }

  #isCopied(environ: AnyEnviron): boolean {
    const { methods, sample } = this.#settings;
    if (!methods.has(environ.REQUEST_METHOD) || 'wsgi.websocket' in environ) return false;
    return sample >= 1 || Math.random() < sample;
  }

  /** A mistake here is not to cost a client its answer. */
  #begin(environ: AnyEnviron): CapturedAnswer | undefined {
    try {
      this.#copies ??= this.#open();
      if (this.#copies.hasRoom) return this.#capture(environ, this.#copies);
      this.#copies.drop();
    } catch (error) {
      logger.error(`mirror() could not copy a request\n${describeThrown(error)}`);
    }
    return undefined;
  }

  #capture(environ: AnyEnviron, copies: Copies): CapturedAnswer {
    const { maxBody } = this.#settings;
    const started = Date.now();
    const keys = copyKeys(environ);
    const blocking = environ['node.nonblocking'] === false;
    const scope = RequestScope.of(environ['wsgi.input']);
    const input = this.#copyInput(environ as Environ);
    const release = () => {
      captured.release();
      input?.release();
    };
    const over = () => {
      const original = captured.copy();
      const body = input === undefined ? new Uint8Array() : input.whole();
      const method = String(keys['REQUEST_METHOD']);
      // The client left, or the body was not read, or there was no room.
      if (original === undefined || body === undefined || captured.left(isBodiless(original, method))) {
        release();
        if (original === undefined || input?.dropped) copies.drop();
        else if (input?.tooLarge) copies.drop(` whose body is longer than ${maxBody} bytes (maxBody)`);
        return;
      }
      const request = { keys: this.#keysFor(keys), body, blocking, started };
      const asked = { method, url: urlOf(keys as Environ) };
      copies.add({ request, asked, original }, release);
    };
    const captured = new CapturedAnswer(maxBody, {
      budget: this.#budget,
      onClose: scope === undefined ? over : undefined,
    });
    scope?.atEnd(over);
    return captured;
  }

  #copyInput(environ: Environ): CopiedInput | undefined {
    if (!mayHaveBody(environ)) return undefined;
    const { CONTENT_LENGTH: length = '' } = environ;
    const input = new CopiedInput(
      environ['wsgi.input'],
      this.#settings.maxBody,
      this.#budget,
      length === '' ? undefined : Number(length),
    );
    (environ as Record<string, unknown>)['wsgi.input'] = input;
    return input;
  }

  #keysFor(keys: Record<string, unknown>): Record<string, unknown> {
    return this.#hasThread ? sendableKeys(keys) : keys;
  }

  get #hasThread(): boolean {
    return 'named' in this.#source || isThread();
  }

  #open(): Copies {
    const { maxQueue: most, timeoutMs, report } = this.#settings;
    return new Copies({ runner: this.#runner(), most, timeoutMs, report });
  }

  #runner(): Runner {
    const { maxBody: limit, timeoutMs, ignore, concurrency } = this.#settings;
    const source = this.#source;
    if (this.#hasThread) {
      const named = 'app' in source ? { entry: workerData.entry, number: source.number } : source;
      return new CandidateThread({ source: named, limit, timeoutMs, ignore });
    }
    const app = 'app' in source ? source.app : 'url' in source ? forward(source.url) : undefined;
    if (app === undefined) throw new Error('A candidate that is named has a thread');
    return new CandidateHere(app, { limit, timeoutMs, concurrency, ignore: Ignore.parse(ignore) });
  }
}

/** This is one of the threads for handlers. */
function isThread(): boolean {
  return !isMainThread && isThreadData(workerData);
}
