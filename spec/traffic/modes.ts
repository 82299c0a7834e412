/** The ways in which the application is served, and what traffic each of them can be given. */
import type { ServerOptions } from '../../lib/server/options/options.js';
import { ANSWERS, type Answering, type Fault } from './order.js';

export interface Mode {
  readonly host: 'server' | 'node-handler' | 'fetch-handler';
  readonly options: ServerOptions;
  readonly tls: boolean;
  /** What may end threads. */
  readonly faults: readonly Fault[];
  /** Handlers may block. */
  readonly blocks: boolean;
  readonly websockets: boolean;
  /** HTTP/1.0, `Expect: 100-continue`, half-closed connections, answers ahead of large bodies: the server's to get right. */
  readonly wholeProtocol: boolean;
  /** Clients that do not read until all others are served. */
  readonly stalls: boolean;
  readonly answers: readonly Answering[];
}

const EVENT_LOOP: Mode = {
  host: 'server',
  options: {},
  tls: false,
  faults: [],
  blocks: false,
  websockets: true,
  wholeProtocol: true,
  stalls: true,
  answers: ANSWERS,
};

/** In seconds; see `loop` in app.ts. */
export const STUCK_TIMEOUT = 6;

const THREADS: Mode = {
  ...EVENT_LOOP,
  options: { threads: 4 },
  faults: ['exit', 'exitWithin', 'throw'],
  blocks: true,
  // Node leaves a FileHandle open whose thread ends while it is being opened.
  answers: ANSWERS.filter((answering) => answering !== 'handle'),
};

/**
 * Node may lose the error of a write over TLS whose client is gone: what it belongs to is over after `timeout` only, which
 * is not to be long here, nor any client slower.
 */
function overTls(mode: Mode): Mode {
  return { ...mode, tls: true, stalls: false, options: { ...mode.options, timeout: 12 } };
}

export const MODES = {
  'event-loop': EVENT_LOOP,
  'event-loop-tls': overTls(EVENT_LOOP),
  threads: THREADS,
  'threads-tls': overTls(THREADS),
  /** Endless loops need a timeout that is short, and no client may be slower than that, on a busy machine either. */
  'threads-stuck': {
    ...THREADS,
    options: { threads: 4, timeout: STUCK_TIMEOUT },
    faults: ['loop', 'exit', 'throw'],
    stalls: false,
  },
  'node-handler': { ...EVENT_LOOP, host: 'node-handler', wholeProtocol: false },
  'fetch-handler': { ...EVENT_LOOP, host: 'fetch-handler', wholeProtocol: false, websockets: false },
} satisfies Record<string, Mode>;

export type ModeName = keyof typeof MODES;
