/** The application under random traffic: does what the order in a request says, on the event loop and in threads. */
import { createReadStream, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isPromise } from 'node:util/types';
import { threadId } from 'node:worker_threads';
import type {
  AnyEnviron,
  BlockingInput,
  Body,
  Bytes,
  FileLike,
  Input,
  StartResponse,
  Write,
} from '../../lib/environ/types.js';
import { collectGarbage } from '../support/garbage.js';
import { contentOf, cut, digest } from './content.js';
import { STUCK_TIMEOUT } from './modes.js';
import { answerId, type Order, type Talk } from './order.js';

type AnyInput = Input | BlockingInput;
/** What may be a promise is yielded, and comes back settled: one text for handlers that await and those that block. */
type Steps<T> = Generator<unknown, T, unknown>;

const clock = new Int32Array(new SharedArrayBuffer(4));

/** The request that this thread began last: the one that suffers if it ends. */
let current = '-';
const victims = process.env['TRAFFIC_VICTIMS'];
const victimFile = victims === undefined ? undefined : openSync(victims, 'a');

/** To be called before the end of the thread. */
function noteVictim(): void {
  if (victimFile !== undefined) writeSync(victimFile, `${current}\n`);
}

export function app(environ: AnyEnviron, start_response: StartResponse): Body | Promise<Body> {
  if (environ.PATH_INFO === '/collect') return collect(start_response);
  const order = JSON.parse(environ['HTTP_X_ORDER'] ?? 'null') as Order | Talk | null;
  if (order === null) return badRequest(start_response);
  current = order.id;
  const steps = 'code' in order ? talk(environ, order) : serve(environ, start_response, order);
  return order.awaits ? awaited(steps) : blocking(steps);
}

/** Each thread has garbage of its own; it takes long enough that the others get such a request too. */
function collect(start_response: StartResponse): Body {
  collectGarbage();
  Atomics.wait(clock, 0, 0, 30);
  start_response('200 OK', []);
  return [];
}

function badRequest(start_response: StartResponse): Body {
  start_response('400 Bad Request', []);
  return [];
}

function blocking<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (!step.done) {
    if (isPromise(step.value)) throw new TypeError('A handler that does not await was given a promise');
    step = steps.next(step.value);
  }
  return step.value;
}

async function awaited<T>(steps: Steps<T>): Promise<T> {
  let step = steps.next();
  while (!step.done) {
    try {
      step = steps.next(await step.value);
    } catch (error) {
      step = steps.throw(error);
    }
  }
  return step.value;
}

function* serve(environ: AnyEnviron, start_response: StartResponse, order: Order): Steps<Body> {
  const { id, delay: pause, fault, awaits } = order;
  if (pause > 0) yield awaits ? delay(pause) : Atomics.wait(clock, 0, 0, pause) && undefined;
  const input = environ['wsgi.input'];
  const headers: [string, string][] = [
    ['X-Id', id],
    ['X-Thread', String(threadId)],
  ];
  if (fault === 'exit') exit();
  if (fault === 'loop') loop();
  if (fault === 'throw') {
    setTimeout(() => {
      noteVictim();
      throw new Error('thrown by a timer');
    }, pause / 2);
  }
  if (order.answering === 'echo') {
    if (order.declared) headers.push(['Content-Length', String(order.sent)]);
    start_response('200 OK', headers);
    return awaits ? echoAwaiting(input, order) : echoBlocking(input as BlockingInput, order);
  }
  const { length, sum } = (yield* readBody(input, order)) as Seen;
  const right = length < order.sent ? 'part' : sum === order.sum ? 'whole' : 'wrong';
  headers.push(['X-Read', `${length} ${sum} ${right}`]);
  if (order.declared) headers.push(['Content-Length', String(order.size)]);
  return yield* answer(environ, start_response('200 OK', headers), order);
}

function exit(): never {
  noteVictim();
  return process.exit(3);
}

/** Without end; for most of the timeout it leaves the processor to others. */
function loop(): never {
  noteVictim();
  Atomics.wait(clock, 0, 0, STUCK_TIMEOUT * 1000 - 500);
  for (;;);
}

interface Seen {
  readonly length: number;
  readonly sum: string;
}

function* readBody(input: AnyInput, { reading, readSize }: Order): Steps<Seen> {
  const parts: Bytes[] = [];
  const take = function* (read: () => unknown): Steps<boolean> {
    const bytes = (yield read()) as Bytes;
    parts.push(bytes);
    return bytes.length > 0;
  };
  switch (reading) {
    case 'all':
      yield* take(() => input.read());
      break;
    case 'sized':
      while (yield* take(() => input.read(readSize)));
      break;
    case 'arrived':
      while (yield* take(() => (input as { read1(size: number): unknown } & AnyInput).read1(readSize)));
      break;
    case 'iterated':
      while (yield* take(() => input.readline()));
      break;
    case 'lines':
      parts.push(...((yield input.readlines()) as Bytes[]));
      break;
    case 'limitedLines':
      while (yield* take(() => input.readline(readSize)));
      break;
    case 'some':
      yield* take(() => input.read(readSize));
      yield* take(() => input.readline());
      break;
    case 'nothing':
      break;
  }
  return { length: parts.reduce((sum, { length }) => sum + length, 0), sum: digest(...parts) };
}

function* answer(environ: AnyEnviron, write: Write, order: Order): Steps<Body> {
  const { id, size, kind, blockSize, awaits, fault, answering } = order;
  const body = contentOf(answerId(id), size, kind);
  switch (answering) {
    case 'blocks':
      return [...cut(body, blockSize)];
    case 'generator':
      return awaits ? blocksAwaiting(body, order) : blocks(body, blockSize, fault === 'exitWithin');
    case 'write': {
      const half = body.length >> 1;
      for (const part of cut(body.subarray(0, half), blockSize)) yield write(part);
      return cut(body.subarray(half), blockSize);
    }
    case 'file':
      return environ['wsgi.file_wrapper'](fileOf(body, awaits), blockSize);
    case 'handle':
      return environ['wsgi.file_wrapper']((yield openHandle(id, body)) as object, blockSize);
    case 'stream':
      return environ['wsgi.file_wrapper'](openStream(id, body), blockSize);
    default:
      return [body];
  }
}

function* blocks(body: Buffer, size: number, exits: boolean): Generator<Buffer> {
  let sent = 0;
  for (const part of cut(body, size)) {
    if (exits && sent > body.length / 2) exit();
    sent += part.length;
    yield part;
  }
  if (exits) exit();
}

async function* blocksAwaiting(body: Buffer, { blockSize, fault }: Order): AsyncGenerator<Buffer> {
  let count = 0;
  for (const part of blocks(body, blockSize, fault === 'exitWithin')) {
    if (++count % 16 === 0) await delay(1);
    yield part;
  }
}

function* echoBlocking(input: BlockingInput, { readSize }: Order): Generator<Buffer> {
  for (;;) {
    const bytes = input.read(readSize);
    if (bytes.length === 0) return;
    yield bytes;
  }
}

async function* echoAwaiting(input: AnyInput, { readSize }: Order): AsyncGenerator<Buffer> {
  for (;;) {
    const bytes = await input.read(readSize);
    if (bytes.length === 0) return;
    yield bytes;
  }
}

function fileOf(bytes: Buffer, awaits: boolean): FileLike {
  let at = 0;
  const next = (size: number) => {
    const from = at;
    at += size;
    return bytes.subarray(from, at);
  };
  return { read: (size) => (awaits ? Promise.resolve(next(size)) : next(size)), close: () => {} };
}

/** A file for one answer; its name tells whose it was, should it be left open. */
function pathOf(id: string, bytes: Buffer): string {
  const path = join(tmpdir(), `wsgi-traffic-${process.pid}-${id}`);
  writeFileSync(path, bytes);
  return path;
}

async function openHandle(id: string, bytes: Buffer): Promise<object> {
  const path = pathOf(id, bytes);
  const handle = await open(path);
  rmSync(path);
  return handle;
}

/** Opened at once: Node closes descriptors of a thread that ends, but not those that are being opened. */
function openStream(id: string, bytes: Buffer): object {
  const path = pathOf(id, bytes);
  const fd = openSync(path, 'r');
  rmSync(path);
  return createReadStream('', { fd });
}

function* talk(environ: AnyEnviron, { id, flood, closesAfter, code, fault }: Talk): Steps<Body> {
  const socket = environ['wsgi.websocket'];
  if (socket === undefined) throw new TypeError('A talk needs a WebSocket');
  yield socket.accept();
  if (flood !== undefined) {
    for (const [i, size] of flood.entries()) yield socket.send(contentOf(`${i} to ${id}`, size, 'bytes'));
  }
  for (let count = 0; count !== closesAfter; count++) {
    const message = (yield socket.receive()) as string | Buffer | null;
    if (message === null) return [];
    if (fault === 'exit') exit();
    yield socket.send(message);
  }
  yield socket.close(code, id);
  return [];
}
