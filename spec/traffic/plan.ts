/** Makes up what clients do, out of a seed. */
import { contentOf, digest, KINDS, type Kind } from './content.js';
import type { Mode } from './modes.js';
import { type Fault, type Order, READ_ALL, READINGS, type Talk } from './order.js';
import type { Random } from './random.js';

export type Method = 'GET' | 'HEAD' | 'POST';

export interface RequestPlan {
  readonly method: Method;
  readonly order: Order;
  /** Sizes of the chunks of a chunked upload, over and over; undefined: a Content-Length. */
  readonly chunks: readonly number[] | undefined;
  /** Bytes of a header that makes the head long. */
  readonly padding: number;
  /** It asks whether it should send its body. */
  readonly expects: boolean;
}

export const WAYS = ['end', 'destroy', 'reset'] as const;
/** `end`: says that it sends no more, and reads on. */
export type Way = (typeof WAYS)[number];

export interface Departure {
  /** Which request of the connection. */
  readonly request: number;
  readonly during: 'head' | 'body' | 'response';
  /** How far in, from 0 to 1. */
  readonly at: number;
  readonly way: Way;
}

export interface HttpPlan {
  readonly id: string;
  readonly version: '1.0' | '1.1';
  readonly requests: readonly RequestPlan[];
  /** As many requests go out before the first of them is answered. */
  readonly depth: number;
  /** Bytes of a packet that it sends, over and over; empty: all at once. */
  readonly packets: readonly number[];
  /** Milliseconds between packets. */
  readonly pause: number;
  readonly departure: Departure | undefined;
  /** `stalled`: reads when all others are served, or leaves then. */
  readonly reads: 'fast' | 'slow' | 'stalled';
  /** How it ends when all is answered. */
  readonly ends: Way;
}

export interface TalkPlan {
  readonly talk: Talk;
  readonly messages: readonly { readonly size: number; readonly kind: Kind; readonly fragments: number }[];
  /** As many messages go out before the first echo is read. */
  readonly depth: number;
  /** After the messages: a close frame, or it leaves, with or without half a frame before that. */
  readonly ends: 'close' | Way;
  readonly halfFrame: boolean;
}

export interface Wave {
  readonly seed: string;
  readonly http: readonly HttpPlan[];
  readonly talks: readonly TalkPlan[];
}

const MIB = 1024 * 1024;
/** Bytes of a response of which the kernel does not hold all, or hardly all, for its reader. */
const MUCH = [2 * MIB, 6 * MIB] as const;
/** Bytes of an unread body after which every server keeps the connection. */
const LITTLE_UNREAD = 32 * 1024;
const MOST_DEPTH = 8;
/** As many blocks or reads, at most, make up a body. */
const MOST_PIECES = 400;

/** @param count of connections. */
export function planWave(random: Random, mode: Mode, label: string, count: number): Wave {
  const talks = mode.websockets ? Math.ceil(count / 6) : 0;
  const { threads } = mode.options;
  // A handler that is ahead of its client keeps its thread: the others are for those that read.
  const most = threads === undefined ? count / 8 : threads / 2;
  const stalled = mode.stalls ? Math.ceil(most) : 0;
  const faults = [...mode.faults];
  return {
    seed: random.seed,
    http: Array.from({ length: count - talks }, (_, i) => {
      const own = random.fork(i);
      if (i < stalled) return planStalled(own, mode, `${label}.${i}`, i % 2 === 1);
      // One of each kind in a wave: what the rest expect is to be served.
      return planHttp(own, mode, `${label}.${i}`, i % 3 === 0 ? faults.pop() : undefined);
    }),
    talks: Array.from({ length: talks }, (_, i) =>
      planTalk(random.fork(`talk ${i}`), mode, `${label}.w${i}`),
    ),
  };
}

/** Around each power of two from 1 KiB to 1 MiB, where buffers end; and others. */
function sizeOf(random: Random): number {
  const how = random.weighted({ none: 3, few: 4, edge: 7, any: 6 });
  if (how === 'none') return 0;
  if (how === 'few') return random.integer(1, 200);
  if (how === 'any') return random.magnitude(200, MIB);
  return Math.min(MIB, 2 ** random.integer(10, 20) + random.pick([-16, -1, 0, 1, 16]));
}

function planHttp(random: Random, mode: Mode, id: string, fault: Fault | undefined): HttpPlan {
  const version: HttpPlan['version'] = mode.wholeProtocol && random.oneIn(8) ? '1.0' : '1.1';
  const depth = version === '1.0' || random.oneIn(2) ? 1 : random.integer(2, MOST_DEPTH);
  const count = version === '1.0' ? random.integer(1, 2) : random.integer(1, 12);
  const faulty = fault === undefined ? -1 : random.integer(0, count - 1);
  const requests = Array.from({ length: count }, (_, i) => {
    const place = {
      id: `${id}.${i}`,
      version,
      last: i === count - 1,
      fault: faulty === i ? fault : undefined,
    };
    return planRequest(random.fork(i), mode, place);
  });
  const apart = random.oneIn(3);
  // A fetch server does not learn that a client left whose request waits after another one.
  const leaves = fault === undefined && (mode.host !== 'fetch-handler' || depth === 1);
  return {
    id,
    version,
    requests,
    depth,
    packets: apart ? Array.from({ length: random.integer(1, 5) }, () => random.magnitude(1, 100_000)) : [],
    pause: apart && random.oneIn(2) ? random.integer(1, 12) : 0,
    departure: leaves && random.oneIn(4) ? planDeparture(random, mode, count, depth) : undefined,
    reads: random.oneIn(6) ? 'slow' : 'fast',
    ends: random.pick(WAYS),
  };
}

function planDeparture(random: Random, mode: Mode, count: number, depth: number): Departure {
  const request = random.integer(0, count - 1);
  // A client of TLS, OpenSSL that is, reads nothing more once it has said that it sends no more.
  const ways = WAYS.filter((way) => way !== 'end' || (mode.wholeProtocol && !mode.tls));
  // Node does not learn of a client that leaves while the server says its last words of the handshake, and ends the
  // connection after some time only: that has a spec of its own.
  const early = mode.tls && request < depth;
  const during = early ? 'response' : random.pick(['head', 'body', 'response'] as const);
  return { request, during, at: random.next(), way: random.pick(ways) };
}

interface Place {
  readonly id: string;
  readonly version: HttpPlan['version'];
  /** Nothing follows it on its connection. */
  readonly last: boolean;
  readonly fault: Fault | undefined;
}

function planRequest(random: Random, mode: Mode, { id, version, last, fault }: Place): RequestPlan {
  const sent = random.oneIn(3) ? 0 : sizeOf(random);
  const method = sent > 0 ? 'POST' : random.weighted<Method>({ GET: 6, POST: 2, HEAD: 1 });
  const chunked = version === '1.1' && method === 'POST' && random.oneIn(2);
  // What is not read has to be thrown away by the server, and more than a little of it ends the connection.
  const little = sent <= LITTLE_UNREAD || (last && mode.wholeProtocol);
  const reading = random.pick(little ? READINGS : [...READ_ALL]);
  // So does more than a little that is known not to be read when the answer begins.
  const echoes = READ_ALL.has(reading) && (little || chunked);
  const answers = echoes ? mode.answers : mode.answers.filter((answering) => answering !== 'echo');
  const answering = fault === 'exitWithin' ? 'generator' : random.pick(answers);
  return {
    method,
    order: planOrder(random, mode, { id, sent, reading, answering, fault }, version === '1.0' && !last),
    chunks: chunked ? chunksOf(random, sent) : undefined,
    padding: random.oneIn(10) ? paddingOf(random) : 0,
    expects: mode.wholeProtocol && version === '1.1' && last && sent > 0 && random.oneIn(4),
  };
}

type Known = Pick<Order, 'id' | 'sent' | 'reading' | 'answering' | 'fault'>;

/** @param declared its end has to show without the end of the connection. */
function planOrder(random: Random, mode: Mode, known: Known, declared: boolean): Order {
  const { id, sent, reading, answering } = known;
  const size = answering === 'echo' ? sent : sizeOf(random);
  const reads = reading !== 'nothing' || answering === 'echo';
  const asynchronous = answering === 'handle' || answering === 'stream';
  const needsAwait = asynchronous || (!mode.blocks && (reads || answering === 'write'));
  // A line each few bytes of a large body is work without end.
  const kind = random.pick(sent > 64 * 1024 ? (['bytes', 'letters'] as const) : KINDS);
  return {
    ...known,
    sum: digest(contentOf(id, sent, kind)),
    kind,
    readSize: random.magnitude(Math.max(1, sent / MOST_PIECES), 300_000),
    size,
    blockSize: random.magnitude(Math.max(1, size / MOST_PIECES), 300_000),
    declared: declared || random.oneIn(2),
    awaits: needsAwait || random.oneIn(4),
    delay: random.oneIn(6) ? random.integer(1, 60) : 0,
  };
}

/** Odd sizes, and large enough that there are not too many chunks. */
function chunksOf(random: Random, sent: number): number[] {
  const count = random.integer(1, 6);
  return Array.from({ length: count }, () => random.magnitude(Math.max(1, sent / MOST_PIECES), 100_000) | 1);
}

/** The heads that travel to threads beside small bodies end at 16 KiB; a field may have 64 KiB with all others. */
function paddingOf(random: Random): number {
  return random.oneIn(2) ? 16 * 1024 - random.integer(0, 1000) : random.magnitude(100, 48 * 1024);
}

/** Asks for much, and does not read. @param leaves it never does. */
function planStalled(random: Random, mode: Mode, id: string, leaves: boolean): HttpPlan {
  const requests = Array.from({ length: random.integer(1, 3) }, (_, i): RequestPlan => {
    const answering = random.pick(['list', 'blocks', 'generator'] as const);
    const known = { id: `${id}.${i}`, sent: 0, reading: 'nothing', answering, fault: undefined } as const;
    const much = { size: random.magnitude(...MUCH), blockSize: random.magnitude(20_000, 1_000_000) };
    const order = { ...planOrder(random.fork(i), mode, known, false), ...much };
    return { method: 'GET', order, chunks: undefined, padding: 0, expects: false };
  });
  return {
    id,
    version: '1.1',
    requests,
    depth: requests.length,
    packets: [],
    pause: 0,
    departure: leaves ? { request: 0, during: 'response', at: 0, way: 'reset' } : undefined,
    reads: 'stalled',
    ends: 'end',
  };
}

function planTalk(random: Random, mode: Mode, id: string): TalkPlan {
  const messages = Array.from({ length: random.integer(0, 8) }, () => {
    const size = sizeOf(random);
    const kind = random.pick(['bytes', 'letters'] as const);
    return { size, kind, fragments: random.oneIn(3) ? random.integer(2, 9) : 1 };
  });
  const closes = random.oneIn(3);
  const fault = mode.faults.includes('exit') && random.oneIn(8) ? 'exit' : undefined;
  return {
    talk: {
      id,
      flood: random.oneIn(3) ? Array.from({ length: random.integer(1, 8) }, () => sizeOf(random)) : undefined,
      closesAfter: closes ? random.integer(0, messages.length) : undefined,
      code: random.pick([1000, 1001, 3000, 4999]),
      awaits: !mode.blocks,
      fault,
    },
    messages,
    depth: random.integer(1, 4),
    ends: closes || random.oneIn(2) ? 'close' : random.pick(WAYS),
    halfFrame: random.oneIn(3),
  };
}
