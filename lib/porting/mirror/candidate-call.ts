/** One call of the candidate, in the thread that it was made in: by the rules of the gateway, and what it answers is dropped. */
import { ignore } from '../../environ/maybe-promise.js';
import type { AnyEnviron, ApplicationOn } from '../../environ/types.js';
import { Interpreter } from '../../interpreter/interpreter.js';
import { type Sink, Turns } from '../../interpreter/sink.js';
import { withBlockingCalls } from '../../subscription.js';
import { type AnswerCopy, CapturedAnswer } from './captured-answer.js';
import { type CopiedRequest, environOf } from './copied-request.js';

export interface Call {
  /** What it answered, up to the limit, or why it did not. Never rejects. */
  readonly answer: Promise<AnswerCopy>;
  /** Settles when nothing of the call runs any more; that may be never. */
  readonly left: Promise<void>;
}

/** Takes everything and keeps nothing; the event loop gets its turns. */
class DroppingSink implements Sink {
  readonly hijacked = false;
  readonly #turns: Turns | undefined;
  readonly #onDone: (rest: Promise<unknown> | undefined) => void;

  /** @param blocking the application runs to its end without a promise. */
  constructor(blocking: boolean, onDone: (rest: Promise<unknown> | undefined) => void) {
    this.#turns = blocking ? undefined : new Turns();
    this.#onDone = onDone;
  }

  head(): void {}
  chunk(): Promise<void> | undefined {
    return this.#turns?.next();
  }
  pass(): Promise<void> | undefined {
    return this.#turns?.next();
  }
  flush(): void {}
  end(): void {}
  abort(): void {}
  done(rest?: Promise<unknown>): void {
    this.#onDone(rest);
  }
}

export function failed(failure: string): AnswerCopy {
  return { status: '', headers: [], bytes: new Uint8Array(), over: false, cut: false, failure };
}

/**
 * @param limit bytes of the body after which the candidate is closed: there is nothing more to learn.
 * @param timeoutMs after which it is closed and its abort signal fires; 0: that is up to the caller.
 */
export function callCandidate(
  candidate: ApplicationOn<AnyEnviron>,
  request: CopiedRequest,
  limit: number,
  timeoutMs: number,
): Call {
  let settle: (answer: AnswerCopy) => void = ignore;
  let leave: () => void = ignore;
  const answer = new Promise<AnswerCopy>((resolve) => {
    settle = resolve;
  });
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  let reported: string | undefined;
  const aborter = new AbortController();
  const captured = new CapturedAnswer(limit, { onOver: () => interpreter.disconnect() });
  const sink = new DroppingSink(request.blocking, (rest) => {
    clearTimeout(timer);
    const copy = captured.copy() ?? failed('there was no room for its answer');
    const failure = copy.failure ?? (copy.cut && copy.bytes.length === 0 ? reported : undefined);
    settle({ ...copy, failure });
    if (rest === undefined) leave();
    else rest.then(leave);
  });
  const named = { method: String(request.keys['REQUEST_METHOD']), url: '' };
  const interpreter = new Interpreter(sink, named, (message, error) => {
    reported ??= error instanceof Error ? `${error.name}: ${error.message}` : message;
  });
  const timer = timeoutMs === 0 ? undefined : setTimeout(giveUp, timeoutMs).unref();
  function giveUp(): void {
    settle(failed(`timed out after ${timeoutMs / 1000} s`));
    aborter.abort(new Error('The time for this copy of a request is over'));
    interpreter.disconnect();
  }
  const run = () =>
    interpreter.run(
      (environ: AnyEnviron, start_response) => captured.call(candidate, environ, start_response),
      environOf(request, aborter.signal),
    );
  if (request.blocking) withBlockingCalls(run);
  else run();
  return { answer, left };
}
