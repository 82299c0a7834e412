/** The body of a response in memory: the blocks that came, and readers that wait for more. */
import type { Bytes } from '../environ/types.js';

export class ResponseBody {
  readonly blocks: Buffer[] = [];
  /** The response came to its end. */
  complete = false;
  /** The application may not go on before its last block was read. */
  paced: boolean;
  #failure: { error: unknown } | undefined;
  #wake: (() => void)[] = [];
  #goOn: (() => void) | undefined;

  constructor(paced: boolean) {
    this.paced = paced;
  }

  push(bytes: Bytes): Promise<void> | undefined {
    // A copy, for the application may fill the same bytes again.
    this.blocks.push(Buffer.from(bytes));
    this.#notify();
    if (!this.paced) return undefined;
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  end(): void {
    this.complete = true;
    this.#notify();
  }

  /** After the blocks that came, reading fails. */
  fail(error: unknown): void {
    if (this.complete || this.#failure !== undefined) return;
    this.#failure = { error };
    this.#notify();
    this.letGo();
  }

  /** The application waits for no reader any more. */
  letGo(): void {
    this.paced = false;
    this.#askForMore();
  }

  /** From the first block on, however many came already. */
  async *read(): AsyncGenerator<Buffer, void, undefined> {
    for (let i = 0; ; i++) {
      while (i >= this.blocks.length) {
        if (this.complete) return;
        if (this.#failure !== undefined) throw this.#failure.error;
        this.#askForMore();
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
      yield this.blocks[i] as Buffer;
    }
  }

  #askForMore(): void {
    const goOn = this.#goOn;
    this.#goOn = undefined;
    goOn?.();
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
