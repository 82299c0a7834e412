/** `node.abort_signal`: an AbortSignal for each request at the price of one for each connection. */

/**
 * Making an AbortSignal costs more than the rest of environ, and few applications look at it. So a connection lends
 * the same signal to each of its requests for as long as nobody has used it; once one did, the next request gets a
 * fresh one. (Every use of a signal reads `aborted` or adds a listener.)
 */
export class LentSignal {
  #controller: AbortController;
  #used = false;

  constructor() {
    this.#controller = this.#create();
  }

  /** The signal for the request that begins now. */
  lend(): AbortSignal {
    if (this.#used) {
      this.#used = false;
      this.#controller = this.#create();
    }
    return this.#controller.signal;
  }

  /** The client is gone while a request is under way. */
  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  #create(): AbortController {
    const controller = new AbortController();
    const { signal } = controller;
    const use = () => {
      this.#used = true;
    };
    Object.defineProperties(signal, {
      aborted: {
        configurable: true,
        get() {
          use();
          return Reflect.get(AbortSignal.prototype, 'aborted', signal);
        },
      },
      addEventListener: {
        configurable: true,
        value(...args: Parameters<AbortSignal['addEventListener']>) {
          use();
          AbortSignal.prototype.addEventListener.apply(signal, args);
        },
      },
    });
    return controller;
  }
}
