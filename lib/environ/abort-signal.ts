/** What fires `node.abort_signal` of one request; the signal is made when somebody asks for it, or it fires. */

/** An AbortSignal costs more than the rest of environ, and few applications look at it. */
export class Aborter {
  #controller: AbortController | undefined;

  get signal(): AbortSignal {
    return this.#made().signal;
  }

  /** The client is gone. */
  abort(reason: Error): void {
    this.#made().abort(reason);
  }

  #made(): AbortController {
    this.#controller ??= new AbortController();
    return this.#controller;
  }
}
