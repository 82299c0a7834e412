/** Clients that send without a pause, each in its own way, and keep the answers that they did not get. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { bytes, parseResponses, request } from '../../support/peer.js';

/** Each takes what it is to send, in pieces, and how many answers that has. `mark` comes back in the last one. */
const WAYS: Readonly<
  Record<string, (mark: string) => { readonly pieces: string[]; readonly answers: number }>
> = {
  'keep-alive': (mark) => ({ pieces: [post(mark)], answers: 1 }),
  pipelined: (mark) => ({ pieces: [request() + request('/poll?1') + post(mark)], answers: 3 }),
  chunked: (mark) => {
    const head = request('/', { method: 'POST', headers: ['Transfer-Encoding: chunked'] });
    return { pieces: [head, `${mark.length.toString(16)}\r\n${mark}\r\n`, '0\r\n\r\n'], answers: 1 };
  },
  'slow upload': (mark) => ({ pieces: [...(post(mark).match(/[\s\S]{1,20}/g) ?? [])], answers: 1 }),
  'long poll': (mark) => ({ pieces: [post(mark, '/poll?300')], answers: 1 }),
};

function post(mark: string, target = '/'): string {
  return request(target, { method: 'POST', headers: [`Content-Length: ${mark.length}`], body: mark });
}

export class SteadyClients {
  answered = 0;
  readonly failures: string[] = [];
  readonly pids = new Set<string>();
  readonly ways = new Map<string, number>();
  #ended = false;
  readonly #running: Promise<void>[] = [];

  /** @param each how many clients of each way. @param tls they take any certificate. */
  constructor(port: number, each: number, tls = false) {
    for (const way of Object.keys(WAYS)) {
      for (let i = 0; i < each; i++) this.#running.push(this.#run(port, way, i, tls));
    }
  }

  /** Each ends after the answer that it waits for. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#running);
  }

  async #run(port: number, way: string, number: number, tls: boolean): Promise<void> {
    for (let turn = 0; !this.#ended; ) {
      const socket = tls ? connectTls({ port, rejectUnauthorized: false }) : connect(port, '127.0.0.1');
      const client = new Client(socket);
      for (let last = false; !last && !this.#ended; turn++) {
        const mark = `${way.replace(' ', '-')}.${number}.${turn}`;
        const { pieces, answers } = (WAYS[way] as (typeof WAYS)[string])(mark);
        const text = await client.ask(pieces, answers);
        const pid = new RegExp(`${mark} (\\d+)$`).exec(text)?.[1];
        if (pid === undefined) {
          this.failures.push(`${way}: ${client.fault} ${JSON.stringify(text)}`);
          break;
        }
        this.answered += answers;
        this.pids.add(pid);
        this.ways.set(way, (this.ways.get(way) ?? 0) + 1);
        // The machine has other things to do.
        await new Promise((resolve) => setTimeout(resolve, 5));
        last = /^Connection: close/im.test(text);
      }
      socket.destroy();
    }
  }
}

class Client {
  fault = '';
  readonly #socket: Socket;
  #text = '';
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket.setNoDelay(true);
    const fail = (why: string) => {
      this.fault ||= why;
      this.#wake();
    };
    socket.on('error', (error) => fail(error.message));
    socket.on('end', () => fail('ended'));
    socket.on('data', (data) => {
      this.#text += data;
      this.#wake();
    });
  }

  /** Sends, and gives what comes: as many answers, or fewer if the connection ends. */
  async ask(pieces: readonly string[], answers: number): Promise<string> {
    this.#text = '';
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) await new Promise((resolve) => setTimeout(resolve, 15));
      this.#socket.write(piece);
    }
    while (this.fault === '' && this.#complete < answers) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#text;
  }

  get #complete(): number {
    return parseResponses(bytes(this.#text), [], false).responses.filter(({ complete }) => complete).length;
  }
}
