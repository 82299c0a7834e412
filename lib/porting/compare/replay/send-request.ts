/** Sends a recorded request to a server and keeps what it answers, as it is on the wire: nothing is decoded, joined or followed. */

import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from '../../../node-http.js';
import type { Observed } from '../../diff/difference.js';
import type { Answer, Fields, RecordedRequest } from '../../exchange.js';
import { firstValue, MAX_HEAD } from '../../fields.js';
import type { BodyWriter } from './spool.js';

export interface SendOptions {
  /** Seconds that the head of an answer may take, and each block after it. */
  readonly timeout: number;
  /** Checks the certificate of an https server. Default: true. */
  readonly verify?: boolean | undefined;
  /** Bytes after which an answer that does not end is left, as the recorded client did. */
  readonly leaveAfter?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds that an answer which the recorded client left has to end by itself. */
const LEAVE_MS = 1000;
/** How often the timeout an answer may take as a whole: one that streams for ever has to end some time. */
const WHOLE = 10;
/** Milliseconds until a body is sent without the 100 that was expected (RFC 9110 section 10.1.1). */
const CONTINUE_MS = 1000;

/** @param to where the server listens. @param body takes the body of the answer. */
export function sendRequest(
  request: RecordedRequest,
  to: URL,
  body: BodyWriter,
  options: SendOptions,
): Promise<Observed> {
  return new Promise((resolve) => {
    new Sending(request, to, body, options, resolve).start();
  });
}

class Sending {
  readonly #request: RecordedRequest;
  readonly #to: URL;
  readonly #body: BodyWriter;
  readonly #options: SendOptions;
  readonly #resolve: (observed: Observed) => void;
  readonly #start = performance.now();
  #sent: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #head = 0;
  #first: number | undefined;
  /** Of the last byte, not of the end: a body of one block is not a stream, however late the end is noticed. */
  #last: number | undefined;
  readonly #interim: { status: number; fields: Fields }[] = [];
  #settled = false;
  #waiting: NodeJS.Timeout | undefined;
  #whole: NodeJS.Timeout | undefined;
  #leaving: NodeJS.Timeout | undefined;

  constructor(
    request: RecordedRequest,
    to: URL,
    body: BodyWriter,
    options: SendOptions,
    resolve: (observed: Observed) => void,
  ) {
    this.#request = request;
    this.#to = to;
    this.#body = body;
    this.#options = options;
    this.#resolve = resolve;
  }

  start(): void {
    const { signal, timeout } = this.#options;
    signal?.addEventListener('abort', this.#onAbort);
    this.#whole = setTimeout(() => this.#giveUp(), timeout * 1000 * WHOLE);
    this.#wait();
    try {
      const sent = open(this.#request, this.#to, this.#options.verify ?? true);
      this.#sent = sent;
      sent.on('information', ({ statusCode, rawHeaders }) => {
        this.#wait();
        if (statusCode !== 100) this.#interim.push({ status: statusCode, fields: pairs(rawHeaders) });
      });
      sent.once('response', (response) => this.#take(response));
      // A CONNECT or an upgrade that nobody asked for: the head is the answer.
      for (const event of ['upgrade', 'connect'] as const) {
        sent.once(event, (response: IncomingMessage) => {
          this.#take(response);
          this.#finish(false);
        });
      }
      sent.on('error', (error) => this.#fail(error));
      sent.once('close', () => this.#fail(new Error('the connection was closed without an answer')));
      this.#sendBody(sent).catch((error: Error) => this.#fail(error));
    } catch (error) {
      // Node refuses to send what is not HTTP: a field's value with a line break, for example.
      this.#fail(error as Error);
    }
  }

  readonly #onAbort = () => this.#fail(new Error('interrupted'));

  async #sendBody(sent: ClientRequest): Promise<void> {
    const { body, fields } = this.#request;
    if (body.size === 0) {
      sent.end();
      return;
    }
    if (firstValue(fields, 'expect')?.toLowerCase() === '100-continue') {
      sent.flushHeaders();
      await firstOf(sent, ['continue', 'response', 'close'], CONTINUE_MS);
    }
    for await (const block of body.read()) {
      if (this.#settled || sent.destroyed) return;
      if (!sent.write(block)) await firstOf(sent, ['drain', 'close'], undefined);
      this.#wait();
    }
    sent.end();
  }

  #take(response: IncomingMessage): void {
    this.#response = response;
    this.#head = this.#elapsed();
    this.#wait();
    response.on('data', (block: Buffer) => {
      this.#last = this.#elapsed();
      this.#first ??= this.#last;
      this.#wait();
      try {
        this.#body.write(block);
      } catch (error) {
        // The disk is full: nothing that comes after this can be compared.
        response.destroy();
        this.#fail(error as Error);
        return;
      }
      const { leaveAfter } = this.#options;
      if (leaveAfter !== undefined && this.#body.size >= leaveAfter) {
        this.#leaving ??= setTimeout(() => this.#finish(true, leaveAfter), LEAVE_MS);
      }
    });
    response.once('end', () => this.#finish(!response.complete));
    response.once('error', () => this.#finish(true));
    response.once('close', () => this.#finish(!response.complete));
  }

  /** Begins to wait for what comes next. */
  #wait(): void {
    clearTimeout(this.#waiting);
    if (!this.#settled) this.#waiting = setTimeout(() => this.#giveUp(), this.#options.timeout * 1000);
  }

  #giveUp(): void {
    this.#fail(new Error(`timed out after ${this.#options.timeout} s`));
  }

  #fail(error: Error & { code?: string }): void {
    if (this.#response !== undefined) this.#finish(true);
    else this.#settle({ failure: describe(error) });
  }

  /** @param most bytes of the body to keep: what came while it was left says nothing. */
  #finish(cut: boolean, most?: number): void {
    const response = this.#response;
    if (response === undefined || this.#settled) return;
    const last = this.#last ?? this.#elapsed();
    const answer: Answer = {
      status: response.statusCode ?? 0,
      reason: response.statusMessage ?? '',
      version: response.httpVersion,
      fields: pairs(response.rawHeaders),
      trailers: pairs(response.rawTrailers),
      interim: this.#interim,
      body: this.#body.end(cut, most),
      times: { head: this.#head, first: this.#first ?? last, last },
    };
    this.#settle({ answer });
  }

  #settle(observed: Observed): void {
    if (this.#settled) return;
    this.#settled = true;
    for (const timer of [this.#waiting, this.#whole, this.#leaving]) clearTimeout(timer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    // Each request has a connection of its own: no answer depends on what another one left there.
    this.#sent?.destroy();
    this.#response?.destroy();
    this.#resolve(observed);
  }

  #elapsed(): number {
    return performance.now() - this.#start;
  }
}

/** @throws TypeError for what Node does not send. */
function open(
  { method, target, fields, body }: RecordedRequest,
  to: URL,
  rejectUnauthorized: boolean,
): ClientRequest {
  const make = to.protocol === 'https:' ? httpsRequest : httpRequest;
  const framed = framing(fields, body.size, method);
  const request = make({
    ...addressOf(to),
    method,
    path: to.pathname === '/' || !target.startsWith('/') ? target : to.pathname.replace(/\/$/, '') + target,
    headers: framed.flat(),
    agent: false,
    rejectUnauthorized,
    setHost: false,
    maxHeaderSize: MAX_HEAD,
  });
  // By default Node leaves out what comes after the thousandth field.
  request.maxHeadersCount = 0;
  return request;
}

/** Host and port for a connection; a name for TLS where there is one. */
export function addressOf(to: URL): { host: string; port: number; servername?: string } {
  const host = to.hostname.replace(/^\[|\]$/g, '');
  const port = Number(to.port) || (to.protocol === 'https:' ? 443 : 80);
  return to.protocol === 'https:' && isIP(host) === 0 ? { host, port, servername: host } : { host, port };
}

/** The body may have another length than the recorded one, as values in it were replaced. */
function framing(fields: Fields, size: number, method: string): string[][] {
  const chunked = fields.some(([name]) => name.toLowerCase() === 'transfer-encoding');
  const kept = fields
    .filter(([name]) => !(chunked && name.toLowerCase() === 'content-length'))
    .map(([name, value]) => (name.toLowerCase() === 'content-length' ? [name, String(size)] : [name, value]));
  const announced = chunked || kept.some(([name = '']) => name.toLowerCase() === 'content-length');
  // Those of a browser's archive may lack it.
  if (!announced && (size > 0 || /^(?:POST|PUT|PATCH)$/.test(method)))
    kept.push(['Content-Length', String(size)]);
  return kept;
}

/** Fields from the list that Node gives. */
export function pairs(raw: readonly string[]): Fields {
  const fields: [string, string][] = [];
  for (let i = 0; i < raw.length; i += 2) fields.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return fields;
}

/** Without addresses and ports, which differ where two servers fail alike. */
function describe(error: Error & { code?: string; syscall?: string }): string {
  const { code, syscall } = error;
  if (code !== undefined && syscall !== undefined) return `${syscall} ${code}`;
  return code === undefined || error.message.includes(code) ? error.message : `${code}: ${error.message}`;
}

function firstOf(sent: ClientRequest, events: readonly string[], most: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const event of events) sent.removeListener(event, done);
      resolve();
    };
    const timer = most === undefined ? undefined : setTimeout(done, most);
    for (const event of events) sent.once(event, done);
    if (sent.destroyed) done();
  });
}
