/** Has a recorded WebSocket conversation again: the client says the same, each message after as many of the server's as then. */
import type { IncomingMessage } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';
import type { Observed } from '../../diff/difference.js';
import type { Answer, Conversation, Fields, Message, RecordedRequest } from '../../exchange.js';
import { addressOf, pairs } from './send-request.js';
import type { BodyWriter } from './spool.js';

export interface ConversationOptions {
  /** Seconds to wait for a message that the recorded server sent. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** What the client sends instead of a recorded message, with values that this server handed out. */
  readonly rewrite?: ((message: Message, received: readonly Message[]) => Message) | undefined;
}

/** Milliseconds in which a server that has said all may close, or say more, before the client closes. */
const QUIET_MS = 300;
/** At most so long for a message or a close that the recorded server sent and this one does not. */
const PATIENCE_MS = 5000;
/** Larger than what servers accept. */
const MAX_PAYLOAD = 256 * 1024 * 1024;

/** Fields that `ws` writes. */
const OWN = /^(?:connection|upgrade|sec-websocket-(?:key|version|extensions|protocol))$/i;

/** @param to where the server listens. @param body takes the body of an answer that refuses. */
export async function replayConversation(
  request: RecordedRequest,
  recorded: Conversation,
  to: URL,
  body: BodyWriter,
  options: ConversationOptions,
): Promise<Observed> {
  const dialogue = new Dialogue(request, to, body, options);
  const abort = () => dialogue.end();
  options.signal?.addEventListener('abort', abort);
  try {
    const answer = await dialogue.opened;
    if (!('status' in answer) || answer.status !== 101) return 'failure' in answer ? answer : { answer };
    await dialogue.replay(recorded);
    return { answer, conversation: dialogue.conversation };
  } finally {
    options.signal?.removeEventListener('abort', abort);
    dialogue.end();
  }
}

class Dialogue {
  /** The answer to the handshake, or why there is none. */
  readonly opened: Promise<Answer | { failure: string }>;
  readonly #options: ConversationOptions;
  readonly #socket: WebSocket;
  readonly #messages: Message[] = [];
  #received = 0;
  #start = performance.now();
  #closed: { code: number; reason: string } | undefined;
  #wake: () => void = () => {};
  /** The server has once not said what it was expected to: nothing is waited for that long again. */
  #late = false;

  constructor(request: RecordedRequest, to: URL, body: BodyWriter, options: ConversationOptions) {
    this.#options = options;
    const socket = openSocket(request, to, options.timeout);
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      this.#received++;
      this.#note('server', isBinary ? data : String(data));
      this.#wake();
    });
    socket.on('close', (code, reason) => {
      this.#closed = { code, reason: String(reason) };
      this.#wake();
    });
    this.opened = new Promise((resolve) => {
      socket.once('upgrade', (response) => {
        this.#start = performance.now();
        const answer = answerOf(response, body, false);
        // Not before `ws` has checked the rest of the handshake.
        socket.once('open', () => resolve(answer));
      });
      socket.once('unexpected-response', (_request, response) => {
        const finish = (cut: boolean) => resolve(answerOf(response, body, cut));
        response.on('data', (block: Buffer) => body.write(block));
        response.once('end', () => finish(!response.complete));
        response.once('close', () => finish(!response.complete));
        response.once('error', () => finish(true));
      });
      socket.on('error', (error) => resolve({ failure: error.message }));
    });
  }

  get conversation(): Conversation {
    const { code = 1006, reason = '' } = this.#closed ?? {};
    return { messages: this.#messages, closeCode: code, closeReason: reason };
  }

  async replay({ messages, closeCode }: Conversation): Promise<void> {
    let before = 0;
    for (const message of messages) {
      if (message.from === 'server') {
        before++;
        continue;
      }
      await this.#receive(before);
      if (this.#socket.readyState !== WebSocket.OPEN) break;
      const { data } = this.#options.rewrite?.(message, this.#messages) ?? message;
      this.#note('client', data);
      await new Promise<void>((resolve) => this.#socket.send(data, () => resolve()));
    }
    await this.#receive(before);
    await this.#close(closeCode);
  }

  /** Ends it whatever state it is in. */
  end(): void {
    this.#socket.terminate();
    this.#wake();
  }

  async #receive(count: number): Promise<void> {
    const most = this.#late ? QUIET_MS : Math.min(this.#options.timeout * 1000, PATIENCE_MS);
    const came = await this.#until(() => this.#received >= count, most);
    if (!came) this.#late = true;
  }

  async #close(code: number): Promise<void> {
    // Of a code that a client does not send, the server closed it.
    const byServer = ![1000, 1001, 1005, 1006].includes(code) && !this.#late;
    await this.#until(() => false, byServer ? PATIENCE_MS : QUIET_MS);
    if (this.#closed !== undefined) return;
    if (code === 1006) return this.#socket.terminate();
    if (code === 1000) this.#socket.close(1000);
    else this.#socket.close();
    await this.#until(() => false, PATIENCE_MS);
  }

  /** @returns false if neither that nor the end of the connection came in time. */
  async #until(test: () => boolean, most: number): Promise<boolean> {
    const end = performance.now() + most;
    while (!test() && this.#closed === undefined && !this.#options.signal?.aborted) {
      const left = end - performance.now();
      if (left <= 0) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return true;
  }

  #note(from: Message['from'], data: string | Buffer): void {
    this.#messages.push({ from, data, time: performance.now() - this.#start });
  }
}

function openSocket({ target, fields }: RecordedRequest, to: URL, timeout: number): WebSocket {
  const headers: Record<string, string[]> = {};
  for (const [name, value] of fields) {
    if (!OWN.test(name)) headers[name] = [...(headers[name] ?? []), value];
  }
  const { host, port } = addressOf(to);
  const literal = host.includes(':') ? `[${host}]` : host;
  const url = `${to.protocol === 'https:' ? 'wss' : 'ws'}://${literal}:${port}`;
  const path = target.startsWith('/') ? to.pathname.replace(/\/$/, '') + target : '/';
  const settings: ClientOptions = {
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
    ) as NonNullable<ClientOptions['headers']>,
    handshakeTimeout: timeout * 1000,
    followRedirects: false,
    maxPayload: MAX_PAYLOAD,
    perMessageDeflate: /permessage-deflate/i.test(listed(fields, 'sec-websocket-extensions').join()),
  };
  const protocols = listed(fields, 'sec-websocket-protocol');
  return new WebSocket(url + path, protocols, settings);
}

function listed(fields: Fields, wanted: string): string[] {
  const values = fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  return values
    .flatMap((value) => value.split(',').map((entry) => entry.trim()))
    .filter((entry) => entry !== '');
}

function answerOf(response: IncomingMessage, body: BodyWriter, cut: boolean): Answer {
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? '',
    version: response.httpVersion,
    fields: pairs(response.rawHeaders),
    trailers: pairs(response.rawTrailers),
    body: body.end(cut),
  };
}
