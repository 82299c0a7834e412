/** One client of random traffic: sends what its plan says, and checks each byte that comes back. */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { problemOf } from './check-response.js';
import { bodyOf, headOf } from './encode.js';
import type { HttpPlan, RequestPlan, Way } from './plan.js';
import { type Response, ResponseReader } from './response-reader.js';
import { type ServerProcess, within } from './server-process.js';

/** Milliseconds in which every answer has to come, however busy the machine is. */
export const PATIENCE_MS = 30_000;
/** As many packets go out with a pause after each; those that follow go without. */
const MOST_PAUSES = 15;
/** As often a slow reader stops. */
const MOST_RESTS = 60;

/** What a client knows of the others. */
export interface Scene {
  readonly server: ServerProcess;
  /** Resolves when all that read have been served: some of those that do not read leave then. */
  readonly readersServed: Promise<void>;
  /** Resolves when they have left: the rest begins to read. */
  readonly leaversGone: Promise<void>;
}

/** A client and what its connection may be cut by. */
export interface Line {
  readonly socket: Socket;
  /** Leaves. */
  leave(way: Way): void;
}

/** @param allowHalfOpen it goes on sending when the server sends no more. */
export async function dial({ port, mode }: ServerProcess, allowHalfOpen = true): Promise<Line> {
  const raw = connect({ port, host: '127.0.0.1', allowHalfOpen, noDelay: true });
  const all = { socket: raw, rejectUnauthorized: false, allowHalfOpen };
  const socket = mode.tls ? connectTls(all) : raw;
  await new Promise<void>((resolve, reject) => {
    socket.once(mode.tls ? 'secureConnect' : 'connect', resolve);
    socket.once('error', reject);
    raw.once('error', reject);
  });
  return {
    socket,
    leave(way) {
      if (way === 'end') socket.end();
      else if (way === 'destroy') socket.destroy();
      else {
        raw.resetAndDestroy();
        socket.destroy();
      }
    },
  };
}

export class HttpConversation {
  readonly plan: HttpPlan;
  readonly #scene: Scene;
  readonly #reader: ResponseReader;
  #line: Line | undefined;
  #closed = false;
  #malformed: Error | undefined;
  #left: Way | undefined;
  /** A thread was ended under a request: what comes after it on the connection need not be answered. */
  #excused = false;
  #rests = 0;
  #waiting: (() => void)[] = [];

  constructor(plan: HttpPlan, scene: Scene) {
    this.plan = plan;
    this.#scene = scene;
    this.#reader = new ResponseReader((index) => plan.requests[index]?.method === 'HEAD');
  }

  /** @returns how many requests were answered. @throws Error that says what went wrong. */
  async run(): Promise<number> {
    const { requests, depth, reads, departure } = this.plan;
    this.#line = await dial(this.#scene.server);
    this.#listen(this.#line.socket);
    try {
      for (let from = 0; from < requests.length; from += depth) {
        const to = Math.min(from + depth, requests.length);
        const sending = this.#send(from, to);
        if (reads === 'stalled') await this.#stall();
        if (departure?.during === 'response' && departure.request < to) await this.#leaveAtResponse(to);
        else await this.#until(() => this.#reader.count >= to);
        await within(
          sending,
          () => this.#failure(to - 1, 'the server does not take it').message,
          PATIENCE_MS,
        );
        this.#check(from, to);
        if (this.#closed || this.#left !== undefined || this.#endsEarly(to)) break;
      }
      await this.#end();
    } finally {
      this.#line.socket.destroy();
    }
    return this.#reader.count;
  }

  #listen(socket: Socket): void {
    socket.on('data', (bytes) => {
      try {
        this.#reader.push(bytes);
      } catch (error) {
        this.#malformed ??= error as Error;
        socket.destroy();
      }
      if (this.plan.reads === 'slow' && this.#rests < MOST_RESTS) this.#rest(socket);
      this.#wake();
    });
    const close = (orderly: boolean) => {
      if (this.#closed) return;
      this.#closed = true;
      this.#reader.end(orderly);
      this.#wake();
    };
    // Told by what is missing then.
    socket.on('error', () => {});
    socket.on('end', () => close(true));
    socket.on('close', () => close(false));
    if (this.plan.reads === 'stalled') socket.pause();
  }

  #rest(socket: Socket): void {
    socket.pause();
    setTimeout(() => socket.resume(), ++this.#rests % 5);
  }

  async #stall(): Promise<void> {
    const { departure } = this.plan;
    await this.#scene.readersServed;
    if (departure !== undefined) {
      this.#leave(departure.way);
      return;
    }
    await this.#scene.leaversGone;
    this.#line?.socket.resume();
  }

  readonly #wake = (): void => {
    for (const resolve of this.#waiting.splice(0)) resolve();
  };

  /** Waits for it, or for the end of the connection. */
  async #until(reached: () => boolean): Promise<void> {
    const late = Date.now() + PATIENCE_MS;
    while (!reached() && !this.#closed && this.#left !== 'destroy' && this.#left !== 'reset') {
      const left = late - Date.now();
      if (left <= 0)
        throw this.#failure(this.#reader.count, `no whole answer came in ${PATIENCE_MS / 1000} s`);
      const timer = setTimeout(this.#wake, left);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      clearTimeout(timer);
    }
  }

  #leave(way: Way): void {
    if (this.#left !== undefined) return;
    this.#left = way;
    this.#line?.leave(way);
    this.#wake();
  }

  async #leaveAtResponse(to: number): Promise<void> {
    const { request = 0, at = 0, way = 'destroy' } = this.plan.departure ?? {};
    const wanted = at * (this.plan.requests[request]?.order.size ?? 0);
    const { responses } = this.#reader;
    await this.#until(() => {
      if (this.#reader.count > request) return true;
      return responses.length > request && this.#reader.bodyLength >= wanted;
    });
    this.#leave(way);
    if (way === 'end') await this.#until(() => this.#reader.count >= to);
  }

  // Sending

  async #send(from: number, to: number): Promise<void> {
    const { requests, departure, version } = this.plan;
    const parts: Buffer[] = [];
    for (let i = from; i < to; i++) {
      const request = requests[i] as RequestPlan;
      const head = headOf(request, version);
      const body = bodyOf(request);
      const leaves = departure?.request === i && departure.during !== 'response' ? departure : undefined;
      if (leaves !== undefined) {
        const cut = leaves.during === 'head' ? head : body;
        if (leaves.during === 'body') parts.push(head);
        parts.push(cut.subarray(0, Math.floor(leaves.at * cut.length)));
        if (await this.#write(parts, i)) this.#leave(leaves.way);
        return;
      }
      parts.push(head);
      if (request.expects) {
        const { interim } = this.#reader;
        if (!(await this.#write(parts.splice(0), i))) return;
        await this.#until(() => this.#reader.interim > interim || this.#reader.count > i);
        if (this.#reader.interim === interim) return;
      }
      parts.push(body);
    }
    await this.#write(parts, to - 1);
  }

  /** False if the connection ended meanwhile, or the server will read no more of it. @param last request in these bytes. */
  async #write(parts: readonly Buffer[], last: number): Promise<boolean> {
    const bytes = Buffer.concat(parts);
    const { packets, pause } = this.plan;
    const socket = this.#line?.socket as Socket;
    for (let at = 0, count = 0; at < bytes.length; count++) {
      const answer = this.#reader.count > last ? this.#reader.responses[last] : undefined;
      if (this.#closed || !socket.writable || answer?.headers.get('connection') === 'close') return false;
      const size =
        packets.length === 0 || count > 20 * MOST_PAUSES ? bytes.length : packets[count % packets.length];
      const packet = bytes.subarray(at, at + (size as number));
      at += packet.length;
      await new Promise<void>((resolve) => socket.write(packet, () => resolve()));
      if (packets.length === 0) continue;
      if (pause > 0 && count < MOST_PAUSES) await delay(pause);
      else await nextTurn();
    }
    return true;
  }

  // Checking

  #check(from: number, to: number): void {
    const { plan } = this;
    if (this.#malformed !== undefined) throw this.#failure(this.#reader.count, this.#malformed.message);
    if (this.#reader.responses.length > plan.requests.length)
      throw this.#failure(to - 1, 'too many answers came');
    for (let i = from; i < to; i++) {
      const response = this.#reader.responses[i];
      const request = plan.requests[i] as RequestPlan;
      const problem = response === undefined ? 'no answer came' : problemOf(request, response);
      if (problem === undefined) continue;
      // Half of a request was sent: whatever comes in answer is well-formed.
      if (this.#wasHalf(i)) return;
      if (
        response?.complete !== true &&
        (this.#left === 'destroy' || this.#left === 'reset' || this.#excused)
      )
        return;
      if (!this.#isJustified(request, response)) {
        throw this.#failure(i, `${problem}${this.#closed ? ', and the connection is closed' : ''}`);
      }
      this.#excused = true;
    }
  }

  #wasHalf(index: number): boolean {
    const { departure } = this.plan;
    return departure !== undefined && departure.during !== 'response' && index >= departure.request;
  }

  /** Its thread was ended, or the client that sends no more was taken for gone while it waited for one. */
  #isJustified({ order: { id, fault } }: RequestPlan, response: Response | undefined): boolean {
    const { mode, victims } = this.#scene.server;
    const failed = response === undefined || !response.complete || response.status === 500;
    if (failed && ((fault !== undefined && fault !== 'throw') || victims.has(id))) return true;
    return this.#left === 'end' && mode.options.threads !== undefined && response?.status === 503;
  }

  /** A client of HTTP/1.0 is told whether the connection is kept. */
  #endsEarly(to: number): boolean {
    const { version } = this.plan;
    return version === '1.0' && this.#reader.responses[to - 1]?.headers.get('connection') !== 'keep-alive';
  }

  async #end(): Promise<void> {
    if (this.#left === undefined) this.#leave(this.plan.ends);
    await this.#until(() => this.#closed);
    const { responses } = this.#reader;
    if (responses.length > this.plan.requests.length && !this.#wasHalf(this.plan.requests.length - 1)) {
      throw this.#failure(responses.length - 1, 'an answer came to nothing that was asked');
    }
  }

  #failure(index: number, what: string): Error {
    const { requests, ...rest } = this.plan;
    const request = requests[index];
    const state = `${this.#reader.count} of ${requests.length} answered, ${this.#reader.bodyLength} bytes of the next body`;
    return new Error(
      `Request ${request?.order.id ?? `${this.plan.id}.${index}`}: ${what} (${state})\n` +
        `  connection: ${JSON.stringify(rest)}\n  request: ${JSON.stringify(request)}\n` +
        `  before it: ${JSON.stringify(requests.slice(Math.max(0, index - 2), index))}`,
    );
  }
}
