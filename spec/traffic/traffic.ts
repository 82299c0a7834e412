/** Random traffic in waves, and what the server holds after it. */

import { gate } from '../support/until.js';
import { HttpConversation, type Scene } from './http-conversation.js';
import { MODES, type ModeName } from './modes.js';
import { type HttpPlan, planWave, type Wave } from './plan.js';
import { Random } from './random.js';
import type { Measure } from './server.js';
import { ServerProcess } from './server-process.js';
import { WebSocketConversation } from './websocket-conversation.js';

/** Connections of a wave. */
const CONNECTIONS = 16;
/** After as many waves the code is compiled and the buffers are made: what is held then may be held later. */
const WARM_UP = 2;
/** In each wave of that number the clients that stall have the server to themselves for a while. */
const RESTS_EVERY = 8;
/** As often the server is asked again whether it is at rest. */
const TRIES = 40;

/** What no traffic should make Node or the server say. */
const COMPLAINT = /^.*(?:\(node:\d+\)|Unhandled|AssertionError|TypeError|RangeError).*$/m;

/** In percent of one processor: a timer may run now and then, a loop may not. */
const MOST_CPU = 25;
const MIB = 1024 * 1024;
const MOST_HEAP_GROWTH = 8 * MIB;
const MOST_MEMORY_GROWTH = 128 * MIB;

export interface Tally {
  waves: number;
  /** Requests that were answered, and messages. */
  answers: number;
  readonly before: Measure;
  readonly after: Measure;
}

export interface TrafficOptions {
  readonly mode: ModeName;
  /** Any text; `TEXT@N` begins with wave N of that. */
  readonly seed: string;
  /** Whether one more wave is to come. */
  readonly goesOn: (waves: number) => boolean;
  readonly onWave?: (wave: number, answers: number) => void;
}

/** @throws Error that names the seed of the wave in which something went wrong, and says what. */
export async function runTraffic({ mode, seed, goesOn, onWave }: TrafficOptions): Promise<Tally> {
  const [base = '', from = '0'] = seed.split('@');
  const random = new Random(base);
  const server = await ServerProcess.start(MODES[mode]);
  let answers = 0;
  let waves = 0;
  let number = Number(from);
  let before: Measure | undefined;
  try {
    for (; waves < WARM_UP || goesOn(waves); waves++, number++) {
      if (waves === WARM_UP) before = await measureAtRest(server);
      const wave = planWave(random.fork(number), server.mode, `${number}`, CONNECTIONS);
      const count = await runWave(server, wave, waves % RESTS_EVERY === WARM_UP);
      answers += count;
      onWave?.(number, answers);
    }
    const after = await measureAtRest(server, before);
    await server.stop();
    return { waves, answers, before: before ?? after, after };
  } catch (error) {
    const again = `WSGI_SEED=${base}@${number}, mode ${mode}, Node ${process.version}; all: WSGI_SEED=${seed}`;
    throw new Error(
      `${(error as Error).message}\nAgain: ${again}\nIts log ends:\n${server.log.slice(-2000)}`,
    );
  } finally {
    server.kill();
  }
}

async function runWave(server: ServerProcess, { http, talks }: Wave, rests: boolean): Promise<number> {
  const failures: Error[] = [];
  let answers = 0;
  const play = async (conversation: { run(): Promise<number> }) => {
    try {
      const count = await conversation.run();
      answers += count;
    } catch (error) {
      failures.push(error as Error);
    }
  };
  const served = gate();
  const gone = gate();
  const scene: Scene = { server, readersServed: served.promise, leaversGone: gone.promise };
  const played = (plans: readonly HttpPlan[]) => plans.map((plan) => play(new HttpConversation(plan, scene)));
  const stalled = http.filter(({ reads }) => reads === 'stalled');
  const leavers = played(stalled.filter(({ departure }) => departure !== undefined));
  const stayers = played(stalled.filter(({ departure }) => departure === undefined));
  const rest = async (who: string) => {
    if (!rests || failures.length > 0) return;
    try {
      await atRest(server, () => true);
    } catch (error) {
      failures.push(new Error(`While ${who} do not read: ${(error as Error).message}`));
    }
  };
  await Promise.all([
    ...played(http.filter(({ reads }) => reads !== 'stalled')),
    ...talks.map((plan) => play(new WebSocketConversation(plan, scene))),
  ]);
  await rest(`${stalled.length} clients`);
  served.open();
  await Promise.all(leavers);
  await rest(`${stayers.length} clients, after ${leavers.length} others that did not have left,`);
  gone.open();
  await Promise.all(stayers);
  if (!server.alive) failures.unshift(new Error('The server process ended'));
  const complaint = COMPLAINT.exec(server.log);
  if (complaint !== null) failures.push(new Error(`The server complains: ${complaint[0]}`));
  if (failures.length === 0) return answers;
  const shown = failures.slice(0, 3).map(({ message }) => message);
  throw new Error(`${failures.length} of ${http.length + talks.length} clients failed:\n${shown.join('\n')}`);
}

/** What the server holds when all clients are gone. @throws Error if that is more than `before`. */
async function measureAtRest(server: ServerProcess, before?: Measure): Promise<Measure> {
  const threads = server.mode.options.threads ?? 0;
  const collect = Array.from({ length: threads * 3 }, () => collectIn(server));
  await Promise.all(collect);
  return atRest(
    server,
    ({ connections, descriptors, threads: running, heap, memory }) => {
      if (connections > 0 || running < threads) return false;
      if (before === undefined) return true;
      return (
        descriptors <= before.descriptors &&
        heap <= before.heap + MOST_HEAP_GROWTH &&
        memory <= before.memory + MOST_MEMORY_GROWTH
      );
    },
    before,
  );
}

async function atRest(
  server: ServerProcess,
  isEnough: (measure: Measure) => boolean,
  before?: Measure,
): Promise<Measure> {
  let measure = await server.measure();
  for (let tries = 1; measure.cpu > MOST_CPU || !isEnough(measure); tries++) {
    if (tries === TRIES) {
      const earlier = before === undefined ? '' : `, after the warm-up ${JSON.stringify(before)}`;
      throw new Error(`The server does not come to rest: ${JSON.stringify(measure)}${earlier}`);
    }
    measure = await server.measure();
  }
  return measure;
}

/** Garbage of a thread is collected by a request. */
async function collectIn({ port, mode }: ServerProcess): Promise<void> {
  const client = (await import(mode.tls ? 'node:https' : 'node:http')) as typeof import('node:http');
  await new Promise<void>((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path: '/collect', agent: false, rejectUnauthorized: false };
    client.get(options, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
}
