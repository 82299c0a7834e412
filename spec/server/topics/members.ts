/** Clients for the specs of topics: WebSockets that ask their handler for something, and readers of events. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { WebSocketClient } from '../../support/web-socket-client.js';

const readers = new Set<EventReader>();

/** For `afterEach`. */
export function closeReaders(): void {
  for (const reader of readers) reader.leave();
  readers.clear();
}

export class MemberClient extends WebSocketClient {
  static override async connect(
    ...args: ConstructorParameters<typeof WebSocketClient>
  ): Promise<MemberClient> {
    const made = new MemberClient(...args);
    await once(made.client, 'open');
    return made;
  }

  /** Connects, and has its handler subscribe to the topics. */
  static async join(port: number, ...topics: string[]): Promise<MemberClient> {
    // What they get is counted in bytes.
    const made = await MemberClient.connect(port, { perMessageDeflate: false });
    for (const topic of topics) await made.ask(`join ${topic}`);
    return made;
  }

  /** Settles when the handler has done it. Messages of topics must not come meanwhile. */
  async ask(what: string): Promise<void> {
    this.client.send(what);
    const answer = await this.next();
    if (answer !== `done ${what.slice(0, 30)}`)
      throw new Error(`${answer} came before the answer to ${what}`);
  }
}

/** A response that is read line by line. */
export class EventReader {
  #response: IncomingMessage | undefined;
  readonly #request;
  #text = '';
  #ended = false;
  #wake = () => {};

  constructor(port: number, path: string) {
    readers.add(this);
    this.#request = get({ port, host: '127.0.0.1', path, agent: false }, (response) => {
      this.#response = response;
      response.setEncoding('utf8').on('data', (text: string) => {
        this.#text += text;
        this.#wake();
      });
      response.on('close', () => {
        this.#ended = true;
        this.#wake();
      });
      response.on('error', () => {});
    });
    this.#request.on('error', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** The next line; undefined at the end. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end !== -1) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Reads no more. */
  pause(): void {
    this.#response?.pause();
  }

  leave(): void {
    this.#request.destroy();
    this.#response?.destroy();
  }
}

export async function post(port: number, topic: string, body: string): Promise<string> {
  const url = `http://127.0.0.1:${port}/publish?${encodeURIComponent(topic)}`;
  // A connection of its own: it may be another worker's.
  const response = await fetch(url, { method: 'POST', body, headers: { Connection: 'close' } });
  return response.text();
}
