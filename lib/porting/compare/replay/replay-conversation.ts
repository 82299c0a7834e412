/** Has a recorded WebSocket conversation again: the client says the same, each message after as many of the server's as then. */
import type { IncomingMessage } from 'node:http';
import type { ClientOptions, WebSocket } from 'ws';
import { CLIENT_LIMITS, ws } from '../../../server/websocket/ws.js';
import type { Observed } from '../../diff/difference.js';
import type { Answer, Conversation, Message, RecordedRequest } from '../../exchange.js';
import { itemsOf, MAX_HEAD, valuesOf } from '../../fields.js';
import { addressOf, pairs } from './send-request.js';
import type { BodyWriter } from './spool.js';

export interface ConversationOptions {
  /** Seconds to wait for a message that the recorded server sent. */
  readonly timeout: number;
  /** Checks the certificate of a wss server. Default: true. */
  readonly verify?: boolean | undefined;
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

/** The whole of a conversation. @param to where the server listens. @param body takes the body of an answer that refuses. */
export async function replayConversation(
  request: RecordedRequest,
  recorded: Conversation,
  to: URL,
  body: BodyWriter,
  options: ConversationOptions,
): Promise<Observed> {
  const dialogue = new Dialogue(request, recorded, to, body, options);
  const { answer } = await dialogue.opened;
  while (!dialogue.isOver) await dialogue.step();
  return answer === undefined ? dialogue.opened : { answer, ...dialogue.outcome };
}

/** A conversation that goes on step by step: other requests may be sent between two of them, as in the recording. */
export class Dialogue {
  /** The answer to the handshake, or why there is none. */
  readonly opened: Promise<Observed>;
  /** Nothing is left to be done; the connection is closed. */
  isOver = false;
  readonly #recorded: Conversation;
  /** The next recorded message. */
  #next = 0;
  /** How many messages the recorded server had sent before that. */
  #expected = 0;
  readonly #options: ConversationOptions;
  readonly #socket: WebSocket;
  readonly #messages: Message[] = [];
  #received = 0;
  #start = performance.now();
  #opened = false;
  #closed: { code: number; reason: string } | undefined;
  /** What this client closed with, as the first; 1005 without a code. A server may leave with no close frame of its own. */
  #ownClose: Conversation['clientClose'];
  #wake: () => void = () => {};
  /** The server has once not said what it was expected to: nothing is waited for that long again. */
  #late = false;

  constructor(
    request: RecordedRequest,
    recorded: Conversation,
    to: URL,
    body: BodyWriter,
    options: ConversationOptions,
  ) {
    this.#recorded = recorded;
    this.#options = options;
    options.signal?.addEventListener('abort', this.end);
    const socket = openSocket(request, to, options);
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
      const settle = (observed: Observed) => {
        if (observed.answer?.status !== 101) this.end();
        resolve(observed);
      };
      socket.once('upgrade', (response) => {
        this.#start = performance.now();
        this.#opened = true;
        const answer = answerOf(response, body, false);
        // Not before `ws` has checked the rest of the handshake.
        socket.once('open', () => settle({ answer }));
      });
      socket.once('unexpected-response', (_request, response) => {
        const finish = (cut: boolean) => settle({ answer: answerOf(response, body, cut) });
        response.on('data', (block: Buffer) => body.write(block));
        response.once('end', () => finish(!response.complete));
        response.once('close', () => finish(!response.complete));
        response.once('error', () => finish(true));
      });
      socket.on('error', (error) => settle({ failure: error.message }));
    });
  }

  /** What was said so far; nothing if the server refused. */
  get outcome(): Pick<Observed, 'conversation'> {
    if (this.#opened === false) return {};
    const { code = 1006, reason = '' } = this.#closed ?? {};
    const clientClose = this.#ownClose;
    return {
      conversation: {
        messages: this.#messages,
        closeCode: code,
        closeReason: reason,
        ...(clientClose && { clientClose }),
      },
    };
  }

  /** When the recorded client said what comes next, in milliseconds since the handshake; Infinity if it only closed. */
  get nextTime(): number {
    const message = this.#recorded.messages.slice(this.#next).find(({ from }) => from === 'client');
    return message?.time ?? Number.POSITIVE_INFINITY;
  }

  /** Sends the next message of the client, once as many of the server's have come as then; after the last one, closes. */
  async step(): Promise<void> {
    if (this.isOver) return;
    const { messages } = this.#recorded;
    let message = messages[this.#next++];
    while (message?.from === 'server') {
      this.#expected++;
      message = messages[this.#next++];
    }
    await this.#receive(this.#expected);
    if (message === undefined || this.#socket.readyState !== this.#socket.OPEN) {
      await this.#close();
      this.end();
      return;
    }
    const { data } = this.#options.rewrite?.(message, this.#messages) ?? message;
    this.#note('client', data);
    await new Promise<void>((resolve) => this.#socket.send(data, () => resolve()));
  }

  /** Ends it whatever state it is in. */
  readonly end = (): void => {
    this.isOver = true;
    this.#options.signal?.removeEventListener('abort', this.end);
    this.#socket.terminate();
    this.#wake();
  };

  async #receive(count: number): Promise<void> {
    const most = this.#late ? QUIET_MS : Math.min(this.#options.timeout * 1000, PATIENCE_MS);
    const came = await this.#until(() => this.#received >= count, most);
    if (!came) this.#late = true;
  }

  async #close(): Promise<void> {
    const { closeCode, clientClose } = this.#recorded;
    // Where the archive does not say who was the first: a code that a client does not send is the server's.
    const byServer = clientClose === undefined && ![0, 1000, 1001, 1005, 1006].includes(closeCode);
    await this.#until(() => false, byServer && !this.#late ? PATIENCE_MS : QUIET_MS);
    if (this.#closed !== undefined) return;
    const { code, reason } = clientClose ?? { code: closeCode, reason: '' };
    if (code === 1006) return this.#socket.terminate();
    const hasCode = isSendable(code);
    this.#ownClose = hasCode ? { code, reason } : { code: 1005, reason: '' };
    if (hasCode) this.#socket.close(code, reason);
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

/** Of a client: RFC 6455, section 7.4. A close without a code has 1005, which is never sent. */
function isSendable(code: number): boolean {
  return code === 1000 || (code > 1006 && code < 1015) || (code >= 3000 && code < 5000);
}

function openSocket(
  { target, fields }: RecordedRequest,
  to: URL,
  { timeout, verify = true }: ConversationOptions,
): WebSocket {
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
    rejectUnauthorized: verify,
    maxPayload: MAX_PAYLOAD,
    ...CLIENT_LIMITS,
    maxHeaderSize: MAX_HEAD,
    finishRequest(request) {
      request.maxHeadersCount = 0;
      request.end();
    },
    perMessageDeflate: /permessage-deflate/i.test(valuesOf(fields, 'sec-websocket-extensions').join()),
  };
  const protocols = valuesOf(fields, 'sec-websocket-protocol').flatMap(itemsOf);
  const { WebSocket: Client } = ws();
  return new Client(url + path, protocols, settings);
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
