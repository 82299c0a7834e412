/** An application that is loaded when the server listens already: requests that come before wait for it. */
import type { Application } from '../../environ/types.js';

export class LateApplication {
  /** Undefined until it is loaded. */
  application: Application | undefined;
  readonly #loaded: Promise<Application>;
  #load: (application: Application) => void = () => {};

  constructor() {
    this.#loaded = new Promise((resolve) => {
      this.#load = resolve;
    });
  }

  /** The application of the server until then. */
  readonly call: Application = async (environ, start_response) =>
    (await this.#loaded)(environ, start_response);

  /** It is loaded: those that wait go on, in their order. */
  load(application: Application): void {
    this.application = application;
    this.#load(application);
  }
}
