/** The exchanges of a connection whose messages are not over, in the order of their requests, and how each gets written. */
import type { LiveExchange } from './live-exchange.js';

export class ExchangeQueue {
  readonly #exchanges: LiveExchange[] = [];

  get isEmpty(): boolean {
    return this.#exchanges.length === 0;
  }

  get first(): LiveExchange | undefined {
    return this.#exchanges[0];
  }

  /** The one that the next answer belongs to. */
  get unanswered(): LiveExchange | undefined {
    return this.#exchanges.find((one) => !one.answerEnded);
  }

  push(exchange: LiveExchange): void {
    this.#exchanges.push(exchange);
  }

  dropFirst(): void {
    this.#exchanges.shift();
  }

  /** Writes those that are over: the oldest first, as their answers come. @param conversation is over when the connection is. */
  writeOver(conversation: LiveExchange | undefined): void {
    for (const first of [...this.#exchanges]) {
      if (!first.requestEnded || !first.answerEnded || first === conversation) break;
      this.#exchanges.shift();
      first.write();
    }
  }

  /** Writes what is left. @param abandoned by the client, or by us: the original would have gone on. */
  writeAll(abandoned: boolean, failure?: string): void {
    for (const exchange of this.#exchanges.splice(0)) {
      // Sent after the original had closed, and sent again by the client on a new connection.
      if (exchange.answerBegun) exchange.endAnswer(abandoned ? { missing: true } : { cut: true });
      const why = failure ?? (abandoned ? 'the client left' : 'the connection was closed');
      exchange.write(exchange.answerBegun ? {} : { failure: why });
    }
  }
}
