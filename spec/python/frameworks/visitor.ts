/** A client of one site of a server, which keeps what it was answered: a recording for `compare`, made anew each time. */
import { Jar } from '../../../lib/porting/compare/follow/jar.js';
import { storedBytes } from '../../../lib/porting/compare/follow/request-values.js';
import { replayConversation } from '../../../lib/porting/compare/replay/replay-conversation.js';
import { sendRequest } from '../../../lib/porting/compare/replay/send-request.js';
import { Spool } from '../../../lib/porting/compare/replay/spool.js';
import type { Observed } from '../../../lib/porting/diff/difference.js';
import type { Conversation, Exchange, Message, RecordedRequest } from '../../../lib/porting/exchange.js';

type Headers = Readonly<Record<string, string>>;

export interface Part {
  readonly name: string;
  readonly filename?: string;
  readonly type?: string;
  readonly data: string | Buffer;
}

/** An answer, as far as a client looks at it. */
export interface Page {
  readonly status: number;
  readonly text: string;
  /** The value of the first input of a form with that name. */
  input(name: string): string;
  header(name: string): string;
}

/** Milliseconds between the starts of two requests in the recording: each comes after the end of the one before it. */
const APART_MS = 60_000;
const TIMEOUT_S = 60;
const BOUNDARY = 'the-boundary';
const HANDSHAKE: Headers = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
};

/** All that the visitors of a server have had. */
export class Recording {
  readonly exchanges: Exchange[] = [];
  readonly spool = new Spool<object>();

  nextStart(): Date {
    return new Date(1e12 + this.exchanges.length * APART_MS);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Exchange> {
    yield* this.exchanges;
  }
}

export class Visitor {
  /** What clients close WebSockets with; 1005 for no code. docs/python.md says which servers answer otherwise than here. */
  closeCode = 1000;
  readonly #url: URL;
  readonly #host: string;
  readonly #recording: Recording;
  #jar = new Jar();

  constructor(url: URL, host: string, recording: Recording) {
    this.#url = url;
    this.#host = host;
    this.#recording = recording;
  }

  get(target: string, headers?: Headers): Promise<Page> {
    return this.send('GET', target, headers);
  }

  /** A form as browsers send it. */
  form(target: string, fields: Readonly<Record<string, string>>, headers: Headers = {}): Promise<Page> {
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return this.send('POST', target, { ...type, ...headers }, String(new URLSearchParams(fields)));
  }

  json(method: string, target: string, value: unknown): Promise<Page> {
    return this.send(method, target, { 'Content-Type': 'application/json' }, JSON.stringify(value));
  }

  /** A form with files. */
  upload(target: string, parts: readonly Part[]): Promise<Page> {
    const blocks = parts.flatMap(({ name, filename, type, data }) => {
      const file = filename === undefined ? '' : `; filename="${filename}"`;
      const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n`;
      const kind = type === undefined ? '' : `Content-Type: ${type}\r\n`;
      return [Buffer.from(`${head}${kind}\r\n`), Buffer.from(data), Buffer.from('\r\n')];
    });
    const body = Buffer.concat([...blocks, Buffer.from(`--${BOUNDARY}--\r\n`)]);
    return this.send('POST', target, { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` }, body);
  }

  /** Forgets its cookies: it is another client from now on. */
  leave(): void {
    this.#jar = new Jar();
  }

  async send(method: string, target: string, headers: Headers = {}, body?: string | Buffer): Promise<Page> {
    const request = this.#request(method, target, headers, body);
    const observed = await sendRequest(request, this.#url, this.#recording.spool.body(), {
      timeout: TIMEOUT_S,
    });
    return this.#keep(request, observed);
  }

  /** A WebSocket. @param said in its order: what the client says, and `null` for each message of the server. */
  async talk(
    target: string,
    said: readonly (string | Buffer | null)[],
    headers: Headers = {},
  ): Promise<Page & { readonly messages: readonly Message[] }> {
    const request = this.#request('GET', target, { ...HANDSHAKE, ...headers });
    const messages = said.map(
      (data): Message => ({ from: data === null ? 'server' : 'client', data: data ?? '', time: 0 }),
    );
    const closeCode = this.closeCode;
    const clientClose = { code: closeCode, reason: '' };
    const outline: Conversation = { messages, closeCode, closeReason: '', clientClose };
    const body = this.#recording.spool.body();
    const observed = await replayConversation(request, outline, this.#url, body, { timeout: TIMEOUT_S });
    const page = await this.#keep(request, observed);
    return { ...page, messages: observed.conversation?.messages ?? [] };
  }

  #request(method: string, target: string, headers: Headers, body?: string | Buffer): RecordedRequest {
    const bytes = Buffer.from(body ?? '');
    const fields: [string, string][] = Object.entries({ Host: this.#host, ...headers });
    if (body !== undefined) fields.push(['Content-Length', String(bytes.length)]);
    const cookies = [...this.#jar.for(this.#scope(target))].map((pair) => pair.join('='));
    if (cookies.length > 0) fields.push(['Cookie', cookies.join('; ')]);
    return { method, target, fields, body: storedBytes(bytes) };
  }

  /** Of cookies. */
  #scope(target: string) {
    return { host: this.#host, path: target.replace(/\?.*/s, ''), secure: true };
  }

  async #keep(request: RecordedRequest, { answer, conversation, failure }: Observed): Promise<Page> {
    if (answer === undefined) throw new Error(`${this.#host}${request.target}: ${failure}`);
    const started = this.#recording.nextStart();
    this.#jar.take(answer, this.#scope(request.target), Date.now());
    const blocks: Buffer[] = [];
    for await (const block of answer.body.read()) blocks.push(block);
    const bytes = Buffer.concat(blocks);
    const kept = { ...answer, body: { ...storedBytes(bytes), cut: answer.body.cut } };
    this.#recording.exchanges.push({
      request,
      started,
      answer: kept,
      ...(conversation === undefined ? {} : { conversation }),
    });
    const text = bytes.toString('utf8');
    return {
      status: answer.status,
      text,
      header: (name) =>
        answer.fields.find(([field]) => field.toLowerCase() === name.toLowerCase())?.[1] ?? '',
      input: (name) => inputIn(text, name) ?? missing(name, request),
    };
  }
}

function inputIn(html: string, name: string): string | undefined {
  const tags = html.match(/<input[^>]*>/g) ?? [];
  const tag = tags.find((one) => one.includes(`name="${name}"`));
  return /value="([^"]*)"/.exec(tag ?? '')?.[1];
}

function missing(name: string, { target }: RecordedRequest): never {
  throw new Error(`There is no input ${name} in the page of ${target}`);
}
