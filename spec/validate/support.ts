/** A server and its environ for the validator's specs, and what they see of it: what was thrown, and the warnings. */
import sinon from 'sinon';
import { TextErrorStream } from '../../lib/environ/error-stream.js';
import { BodyInput } from '../../lib/environ/input/input.js';
import type { Application, Body, Environ, MaybePromise, StartResponse } from '../../lib/environ/types.js';
import { forgetWarnings } from '../../lib/validate/violation.js';

/** Loosely typed, for what breaks the contract. */
export type LooseApp = (environ: Record<string, unknown>, start_response: LooseStart) => unknown;
export type LooseStart = (...args: unknown[]) => LooseWrite;
export type LooseWrite = (...args: unknown[]) => unknown;

/** One row: a program that breaks a rule, and the code of what that must bring. */
export interface Case {
  readonly id: `C-${number}`;
  readonly what: string;
  /** Left out: nothing is to be thrown, nor warned of. */
  readonly code?: string;
  run(): unknown;
}

export const HEADERS = [['Content-Type', 'text/plain']];

export function loose(app: LooseApp): Application {
  return app as unknown as Application;
}

/** A wsgi.input with these bytes. */
export function inputOf(...chunks: string[]): BodyInput {
  return new BodyInput({
    pull: async () => (chunks.length === 0 ? null : Buffer.from(chunks.shift() ?? '')),
  });
}

/** That of a request that breaks no rule, with changes; a key whose change is `REMOVED` is not there. */
export function environOf(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const environ: Record<string, unknown> = {
    REQUEST_METHOD: 'GET',
    SCRIPT_NAME: '',
    PATH_INFO: '/',
    QUERY_STRING: '',
    SERVER_NAME: '127.0.0.1',
    SERVER_PORT: '80',
    SERVER_PROTOCOL: 'HTTP/1.1',
    HTTP_HOST: 'example.com:80',
    'wsgi.version': [1, 0],
    'wsgi.url_scheme': 'http',
    'wsgi.input': inputOf(),
    'wsgi.errors': new TextErrorStream({ write: () => true }),
    'wsgi.multithread': false,
    'wsgi.multiprocess': false,
    'wsgi.run_once': false,
    'wsgi.input_terminated': true,
    ...changes,
  };
  for (const [key, value] of Object.entries(environ)) if (value === REMOVED) delete environ[key];
  return environ;
}

/** As the value of a change: the key is not there. */
export const REMOVED = Symbol('removed');

/** What a server is given. */
export interface Answer {
  status: string;
  text: string;
  body: Body | undefined;
}

export interface ServeOptions {
  readonly environ?: Record<string, unknown>;
  readonly start_response?: LooseStart;
}

/** A server that does all that it should: calls, iterates, closes. Throws what it is thrown. */
export async function serve(app: Application, options: ServeOptions = {}): Promise<Answer> {
  const answer: Answer = { status: '', text: '', body: undefined };
  const start: LooseStart = (status) => {
    answer.status = String(status);
    return (data) => {
      answer.text += Buffer.from(data as Uint8Array).toString('latin1');
    };
  };
  const environ = ('environ' in options ? options.environ : environOf()) as Environ;
  answer.body = await app(environ, (options.start_response ?? start) as unknown as StartResponse);
  try {
    for await (const block of answer.body) answer.text += Buffer.from(block).toString('latin1');
  } catch (error) {
    // One of close would hide it.
    await Promise.resolve()
      .then(() => answer.body?.close?.())
      .catch(() => undefined);
    throw error;
  }
  await answer.body.close?.();
  return answer;
}

/** Like `serve`, without a promise: what the validator promised would be seen as a promise. */
export function serveSync(app: Application, environ = environOf()): { text: string; body: Body } {
  let text = '';
  const body = app(environ as Environ, () => () => undefined) as Body & Iterable<Uint8Array>;
  for (const block of body) text += Buffer.from(block).toString('latin1');
  body.close?.();
  return { text, body };
}

/** The application's side of most cases: an answer that breaks no rule. */
export function plain(_environ: unknown, start_response: LooseStart): unknown {
  start_response('200 OK', HEADERS);
  return [Buffer.from('ok')];
}

export interface Outcome {
  thrown: (Error & { code?: string }) | undefined;
  /** Codes and messages of the warnings. */
  warnings: string[];
  messages: string[];
}

/** What `work` throws and warns of, as if nothing had been warned of before. */
export async function outcomeOf(work: () => MaybePromise<unknown>): Promise<Outcome> {
  const outcome: Outcome = { thrown: undefined, warnings: [], messages: [] };
  forgetWarnings();
  const emit = sinon.stub(process, 'emitWarning').callsFake(((
    message: string,
    options: { type?: string; code?: string },
  ) => {
    if (options.type !== 'WsgiWarning' || options.code === undefined)
      throw new Error(`Odd warning: ${message}`);
    outcome.warnings.push(options.code);
    outcome.messages.push(message);
  }) as unknown as typeof process.emitWarning);
  try {
    await work();
  } catch (error) {
    outcome.thrown = error as Error;
  } finally {
    emit.restore();
  }
  return outcome;
}
