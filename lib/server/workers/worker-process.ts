/** The parent's side of one worker: its process, what it says, and what is known of it. */
import { closeSync, openSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ignore, inTime } from '../../environ/maybe-promise.js';
import type { StatusMessage } from '../status/status-of-workers.js';
import { SUPERVISOR } from './child-report.js';
import type { RunningCount } from './front.js';
import {
  Channel,
  type ToParent,
  type ToWorker,
  WORKER,
  type WorkerPlace,
  type WorkerSettings,
} from './messages.js';
import { describeServed } from './served-requests.js';
import { type Ending, type ServerCommand, ServerProcess } from './server-process.js';
import { isSupervised } from './supervised.js';
import { WorkerTopics } from './worker-topics.js';

/** Milliseconds after the graceful timeout until a worker that has not ended is killed: it cuts off by itself before. */
const MARGIN_MS = 2000;

/** Milliseconds for what was said by a worker that has ended. */
const LAST_WORDS_MS = 500;

/** What a worker is for the others: the parent's business with it. */
export interface WorkerEvents {
  ready(worker: WorkerProcess, settings: WorkerSettings): void;
  ended(worker: WorkerProcess, ending: Ending): void;
  retires(worker: WorkerProcess, why: string): void;
  /** It takes no more connections, and ends. */
  closes(worker: WorkerProcess): void;
  taken(worker: WorkerProcess): void;
  returned(socket: Socket): void;
  status(worker: WorkerProcess, message: StatusMessage): void;
}

export class WorkerProcess extends ServerProcess {
  state: 'starting' | 'serving' | 'leaving' = 'starting';
  /** Another one is to take its place: for new code, or because it asked. */
  outdated: 'reload' | 'retire' | undefined = undefined;
  /** It asked for that: a reload that is given up changes nothing about it. */
  retiring = false;
  /** What it began with: a later reload changes the settings of others. Undefined before it is ready. */
  settings: WorkerSettings | undefined = undefined;
  /** When it became ready, as `performance.now` has it. */
  servedSince = 0;
  /** The same, of when its event loop was last seen to turn. */
  lastBeat = performance.now();
  /** A debugger may hold it. */
  debugged = debugs();
  /** How many connections it has. */
  connections = 0;
  /** What its stop waits for, as it last told. */
  running: RunningCount = { requests: 0, webSockets: 0 };
  /** The connection that was sent to it, and that it does not have yet. */
  passing: Socket | undefined = undefined;
  /** When it was sent, as `performance.now` has it. */
  passedAt = 0;
  /** Why it could not start, if it said so. */
  failure: string | undefined = undefined;
  /** Why it was killed. */
  killed: string | undefined = undefined;
  readonly channel: Channel<ToWorker, ToParent>;
  readonly #file: number | undefined;

  /** @param number of this worker: the first is 1. */
  constructor(
    command: ServerCommand,
    parts: Omit<WorkerPlace, 'parent'>,
    number: number,
    events: WorkerEvents,
  ) {
    const place: WorkerPlace = { parent: process.pid, ...parts };
    const file = openNameless();
    const reports = isSupervised() ? { [SUPERVISOR]: String(process.pid) } : {};
    super({ ...command, execArgv: execArgvOf(number) }, 0, ignore, {
      env: { ...reports, [WORKER]: JSON.stringify(place) },
      // 3: reports for --reload; 4: its end tells that this process has ended; then the channel; 6: what it serves.
      stdio: [
        'inherit',
        'inherit',
        'inherit',
        isSupervised() ? 3 : 'ignore',
        'pipe',
        'ipc',
        file ?? 'ignore',
      ],
    });
    this.#file = file;
    this.child.on('error', ignore);
    this.child.channel?.unref();
    this.channel = new Channel(this.child);
    this.#listen(events);
    const unread = new Promise<void>((resolve) => this.child.once('disconnect', resolve));
    const shared = this.#joinTopics();
    void this.ended.then(async (ending) => {
      // It may have taken a connection just before.
      if (this.child.connected) await inTime(unread, LAST_WORDS_MS);
      shared.end();
      events.ended(this, ending);
      if (file !== undefined) closeSync(file);
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What it is serving, or was when it ended; empty for nothing. */
  get served(): string {
    return this.#file === undefined ? '' : describeServed(this.#file);
  }

  /** Another one serves in its place. What runs has the graceful timeout with which it began. */
  leave(): void {
    this.state = 'leaving';
    this.channel.send('leave', {});
    this.killAfter((this.settings?.gracefulTimeout ?? 0) * 1000 + MARGIN_MS);
  }

  /** @param grace seconds; 0: at once. */
  end(grace: number): void {
    if (this.state === 'starting') this.signal('SIGTERM');
    else this.channel.send('stop', { atOnce: grace === 0 });
    this.killAfter(grace * 1000 + MARGIN_MS);
  }

  kill(why: string): void {
    this.killed = why;
    this.signal('SIGKILL');
  }

  #joinTopics(): WorkerTopics {
    const { channel } = this;
    const shared = new WorkerTopics(
      {
        publish: (note, sent) => channel.send('publish', note, undefined, false, sent),
        lost: () => channel.send('lost', {}),
        // It gets all that is published: see WorkerTopics.
        subscribe: ignore,
        unsubscribe: ignore,
      },
      `Worker ${this.pid}`,
    );
    channel.on('publish', (note) => shared.received(note));
    channel.on('lost', () => shared.missed());
    channel.on('subscribe', ({ topic }) => shared.joined(topic));
    channel.on('unsubscribe', ({ topic }) => shared.left(topic));
    return shared;
  }

  #listen(events: WorkerEvents): void {
    const { channel } = this;
    channel.on('ready', (settings) => {
      this.servedSince = performance.now();
      this.settings = settings;
      events.ready(this, settings);
    });
    channel.on('failed', ({ text }) => {
      this.failure = text;
    });
    channel.on('beat', ({ debugged }) => {
      this.lastBeat = performance.now();
      this.debugged = debugged;
    });
    channel.on('taken', ({ connections }) => {
      this.connections = connections;
      events.taken(this);
    });
    channel.on('running', (running) => {
      this.running = running;
    });
    channel.on('connections', ({ connections }) => {
      this.connections = connections + (this.passing === undefined ? 0 : 1);
    });
    channel.on('status', (message) => events.status(this, message));
    channel.on('closes', () => events.closes(this));
    channel.on('retire', ({ why }) => events.retires(this, why));
    channel.on('returned', (_body, socket) => {
      if (socket !== undefined) events.returned(socket);
    });
  }
}

/** A file that only this process and its child know; undefined where none can be made: the log says less then. */
function openNameless(): number | undefined {
  const path = join(tmpdir(), `wsgi-${process.pid}-${performance.now()}`);
  try {
    const descriptor = openSync(path, 'wx+', 0o600);
    rmSync(path, { force: true });
    return descriptor;
  } catch {
    return undefined;
  }
}

/** Node's options for the worker; each has a debugger's port of its own, as with `node:cluster`. */
function execArgvOf(number: number): string[] {
  const { debugPort, execArgv } = process;
  // 0 takes a free one.
  return debugs() && debugPort > 0 ? [...execArgv, `--inspect-port=${debugPort + number}`] : execArgv;
}

function debugs(): boolean {
  return process.execArgv.some((word) => /^--inspect(?:-brk|-port|-wait)?(?:=|$)/.test(word));
}
