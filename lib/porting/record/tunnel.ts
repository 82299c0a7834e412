/** What follows a 101, or a CONNECT: a WebSocket, whose messages are recorded, or what is passed on unread. */
import { Frames } from './frames.js';
import { type Field, listedIn } from './http/head.js';
import type { LiveExchange } from './live-exchange.js';
import type { Recorder } from './recorder.js';

/** RFC 6455, section 7.1.5: no close frame came. */
const LOST = 1006;
/** How it ends is not known. */
const UNKNOWN = { code: 0, reason: '' };

export interface TunnelListener {
  /** The bytes of both sides can be taken again, after `write` said false. */
  ondrain(): void;
  onwarning(sentence: string): void;
}

export class Tunnel {
  readonly exchange: LiveExchange;
  readonly #recorder: Recorder;
  readonly #frames: Frames | undefined;
  #ended = false;
  #endedByUs = false;

  /** @param fields of the answer. */
  constructor(
    exchange: LiveExchange,
    fields: readonly Field[],
    recorder: Recorder,
    listener: TunnelListener,
  ) {
    this.exchange = exchange;
    this.#recorder = recorder;
    if (!listedIn(fields, 'upgrade').includes('websocket')) {
      listener.onwarning(
        `What follows ${exchange.describe()} is passed on and not recorded: it is not a WebSocket`,
      );
      return;
    }
    this.#frames = new Frames(fields, {
      onmessage: (from, data) => exchange.addMessage(from, data),
      onunreadable: ({ message }) =>
        listener.onwarning(`Of ${exchange.describe()} no more messages are recorded: ${message}`),
      ondrain: () => listener.ondrain(),
      onend: () => this.#write(),
    });
  }

  /** Bytes that pass. False if the next ones should wait for `ondrain`. */
  write(from: 'client' | 'server', bytes: Buffer): boolean {
    return this.#frames?.write(from, bytes) ?? true;
  }

  /** The connection is over; the exchange is written once the last messages were inflated. @param byUs the recording ended. */
  end(byUs: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#endedByUs = byUs;
    if (this.#frames === undefined) this.exchange.write();
    else {
      this.#recorder.pending(1);
      this.#frames.end();
    }
  }

  #write(): void {
    const close = this.#frames?.close ?? UNKNOWN;
    // That the recording has ended says nothing about the server.
    this.exchange.write({ close: this.#endedByUs && close.code === LOST ? { ...close, ...UNKNOWN } : close });
    this.#recorder.pending(-1);
  }
}
