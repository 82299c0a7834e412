/** The event app: one conversation over a WebSocket, told to the handlers of onconnect, onmessage and onclose. */
import { andThen, isPromise } from '../environ/maybe-promise.js';
import type { AnyEnviron, Environ, MaybePromise, Message, WebSocketOn } from '../environ/types.js';
import { WebSocket } from '../environ/websocket/websocket.js';
import { logger } from '../logger.js';
import { sleep } from '../sleep.js';
import { Event } from './event.js';
import { isGone } from './thrown.js';

type Client = WebSocketOn<AnyEnviron>;

export type OnConnect<C extends Client = WebSocketOn<Environ>> = Event<[client: C]>;
export type OnMessage<C extends Client = WebSocketOn<Environ>> = Event<[message: Message, client: C]>;
/** `message` is the reason that the peer gave for closing, or what ended the connection; often empty. */
export type OnClose<C extends Client = WebSocketOn<Environ>> = Event<[message: string, client: C]>;

export interface Events<C extends Client> {
  readonly onconnect: OnConnect<C>;
  readonly onmessage: OnMessage<C>;
  readonly onclose: OnClose<C>;
}

/** So many messages of one client may be at work; then the next waits, and with it the client. */
const MOST_AT_WORK = 1000;

/** RFC 6455 section 7.4.1. */
const GOING_AWAY = 1001;

export class Conversation<C extends Client> {
  readonly #client: C;
  readonly #events: Events<C>;
  #atWork = 0;
  /** Of these, handlers of onmessage. */
  #answering = 0;
  #resume: (() => void) | undefined;

  constructor(client: C, events: Events<C>) {
    this.#client = client;
    this.#events = events;
  }

  /** Until the peer closes. Handlers run concurrently: no message waits for the handlers of the one before. */
  run(): MaybePromise<void> {
    return andThen(this.#client.accept(), () => {
      this.#runBeside(this.#events.onconnect.emit(this.#client));
      return this.#receive();
    });
  }

  #receive(): MaybePromise<void> {
    for (;;) {
      let message: MaybePromise<Message | null>;
      try {
        message = this.#client.receive();
      } catch (thrown) {
        return this.#end(thrown);
      }
      // On the event loop it is a promise, in a blocking thread the message.
      if (isPromise(message)) return this.#receiveLater(message);
      if (message === null) return this.#end(undefined);
      this.#answer(message);
    }
  }

  async #receiveLater(first: PromiseLike<Message | null>): Promise<void> {
    let thrown: unknown;
    try {
      for (let message = await first; message !== null; message = await this.#client.receive()) {
        this.#answer(message);
        if (this.#atWork >= MOST_AT_WORK) await this.#room();
      }
      if (this.#client.closeCode === GOING_AWAY && !this.#client.closed) await this.#goAway();
    } catch (error) {
      thrown = error;
    }
    await this.#end(thrown);
  }

  /** The server stops: messages that are being handled are still answered. Handlers of onconnect may never end. */
  async #goAway(): Promise<void> {
    while (this.#answering > 0) await this.#room();
    this.#client.close(GOING_AWAY);
  }

  /** @throws what ended the conversation, if that was not the connection. */
  #end(thrown: unknown): MaybePromise<void> {
    const { closeReason, error } = this.#client;
    const emitted = this.#events.onclose.emit(closeReason || error?.message || '', this.#client);
    return andThen(emitted, () => {
      if (thrown !== undefined && !isGone(thrown)) throw thrown;
    });
  }

  #answer(message: Message): void {
    const emitted = this.#events.onmessage.emit(message, this.#client);
    if (!isPromise(emitted)) return;
    this.#answers(1);
    this.#runBeside(emitted.then(() => this.#answers(-1)));
  }

  #answers(change: 1 | -1): void {
    this.#answering += change;
    if (this.#client instanceof WebSocket) this.#client.answering(change);
  }

  #runBeside(emitted: MaybePromise<void>): void {
    if (!isPromise(emitted)) return;
    this.#atWork++;
    emitted.then(() => {
      this.#atWork--;
      this.#resume?.();
    });
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }
}

/** What runs while nothing is attached: the echo demo. */
export function defaultEvents<C extends Client>(): Events<C> {
  return {
    onconnect: new Event<[client: C]>('onconnect', greet),
    onmessage: new Event<[message: Message, client: C]>('onmessage', echoTwice),
    onclose: new Event<[message: string, client: C]>('onclose', tell),
  };
}

export function greet(client: Client): unknown {
  return client.send('you connected');
}

/** Text with a prefix, bytes as they came; now, and once more after two seconds. */
export function echoTwice(message: Message, client: Client): unknown {
  const echo = typeof message === 'string' ? `you said: ${message}` : message;
  return andThen(client.send(echo), () =>
    andThen(sleep(2), () => (client.closed ? undefined : client.send(echo))),
  );
}

function tell(message: string): void {
  logger.info(message === '' ? 'client disconnected' : `client disconnected: ${message}`);
}
