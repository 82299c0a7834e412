/** A worker: serves what its parent passes to it, says that it lives, and leaves when it is told to, or asks to. */
import { ignore } from '../../environ/maybe-promise.js';
import type { Application } from '../../environ/types.js';
import { ConfigError } from '../../errors.js';
import { reportRejection } from '../../interpreter/report.js';
import { describeThrown } from '../../logger.js';
import { takeLogSignal } from '../log/log-file.js';
import type { ResolvedOptions } from '../options/options.js';
import { Server } from '../server.js';
import { StatusLink } from '../status/status-of-workers.js';
import type { ThreadEntry } from '../threads/shared/thread-data.js';
import type { Place } from './front.js';
import { startGuard } from './guard.js';
import { settingsOf } from './messages.js';
import type { Parent } from './place.js';
import { pulseOf } from './pulse-watch.js';
import { ServedRequests } from './served-requests.js';
import { WorkerFront } from './worker-front.js';
import { WorkerTopics } from './worker-topics.js';

/** The descriptor of the file that says what this worker serves. */
const SERVED_FILE = 6;

/** Milliseconds from a stop until the parent is told what still runs: most is over by then. */
const TELL_RUNNING_MS = 100;

/** What a worker does as soon as it has begun, before the application is loaded. */
export function joinParent({ channel }: Parent): void {
  // The command does it, and so does the package that its application imports.
  if (beat !== undefined) return;
  // The terminal sends them to all processes in front of it; the parent decides what is done.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP'] as const) process.on(signal, ignore);
  takeLogSignal();
  // Also while the application loads: the files are open by then.
  channel.on('reopenLogs', () => void process.emit('SIGUSR1'));
  joinTopics(channel);
  startGuard(served, SERVED_FILE);
  process.on('exit', () => served.writeTo(SERVED_FILE));
  beat = setInterval(() => channel.send('beat', { debugged: isDebugged() }), pulseOf(1)).unref();
}

/** What is published in other workers, and in the parent, has members here, and the other way round. */
function joinTopics(channel: Parent['channel']): void {
  const shared = new WorkerTopics(
    {
      publish: (note, sent) => channel.send('publish', note, undefined, false, sent),
      lost: () => channel.send('lost', {}),
      subscribe: (topic) => channel.send('subscribe', { topic }),
      unsubscribe: (topic) => channel.send('unsubscribe', { topic }),
    },
    'The parent',
  );
  channel.on('publish', (note) => shared.received(note));
  channel.on('lost', () => shared.missed());
}

const served = new ServedRequests();
let beat: NodeJS.Timeout | undefined;

/** Serves until the parent says otherwise, and then ends the process. Resolves once it serves. */
export async function serveAsWorker(
  parent: Parent,
  application: Application | Application<'blocking'>,
  given: ResolvedOptions,
  { entry, listened }: Pick<Place, 'listened'> & { readonly entry?: ThreadEntry | undefined } = {},
): Promise<Server> {
  const { channel, inherited } = parent;
  const options = inherited === undefined ? given : { ...given, ...inherited, descriptor: undefined };
  // What its first bytes told stays here: keys, and the address of the client.
  const stays = options.certfile !== undefined || options.proxyProtocol !== 'off';
  const front = new WorkerFront(parent, stays);
  const server = new Server(application, options, entry, { front, served, listened });
  await server.listening;
  process.on('unhandledRejection', reportRejection);
  // The log may have lost its reader.
  for (const log of [process.stdout, process.stderr]) log.on('error', ignore);

  const status = joinStatus(server, parent);
  const exit = () => void process.stdout.write('', () => process.exit());
  // Whatever closes it; a server that lost its last thread has set the exit code.
  void server.serveForever().then(() => (status === undefined ? exit() : status.stop(exit)));
  let retiring = false;
  const retire = (why: string) => {
    if (retiring) return;
    retiring = true;
    channel.send('retire', { why });
  };
  let leaving = false;
  channel.on('leave', () => {
    leaving = true;
    void server.leave(front.handOver);
  });
  channel.on('stop', ({ atOnce }) => {
    // One that leaves is stopping already: a second call would cut what runs.
    if (!leaving) void server.close();
    if (atOnce) void server.close();
    else setTimeout(() => channel.send('running', server.running), TELL_RUNNING_MS).unref();
  });
  // The parent has died.
  process.on('disconnect', () => void server.close());
  process.on('SIGTERM', () => {
    // Without a parent there is nobody to take its place.
    if (retiring || !process.connected) void server.close();
    else retire('was told to end (SIGTERM)');
  });
  const { maxRequests, maxRequestsJitter } = options;
  if (maxRequests > 0) {
    const most =
      maxRequests + (maxRequestsJitter > 0 ? Math.floor(Math.random() * (maxRequestsJitter + 1)) : 0);
    server.after(most, () => retire(`has served ${most} requests (max-requests)`));
  }
  // From now on it keeps the process running: nothing listens.
  clearInterval(beat);
  const tell = () => channel.send('beat', { debugged: isDebugged() });
  setInterval(tell, pulseOf(options.timeout));
  tell();
  channel.send('ready', settingsOf(options));
  return server;
}

/** Requests for the status get that of all workers. */
function joinStatus({ status }: Server, { channel }: Parent): StatusLink | undefined {
  if (status === undefined) return undefined;
  const link = new StatusLink(
    (message, sent) => channel.send('status', message, undefined, false, sent),
    () => status.read(),
  );
  status.join = (own) => link.whole(own);
  channel.on('status', (message) => link.take(message));
  link.start();
  return link;
}

/** Tells the parent why this worker could not start, and ends the process. @param text one sentence, or a stack. */
export function failToStart({ channel }: Parent, text: string): Promise<never> {
  channel.send('failed', { text }, undefined, false, () => process.exit(1));
  return new Promise(() => {});
}

/** For a script: never resolves, and what its `run()` would have thrown goes to the parent. */
export function runAsWorker(parent: Parent, server: Promise<unknown>): Promise<never> {
  server.catch((error) => {
    void failToStart(parent, error instanceof ConfigError ? error.message : describeThrown(error));
  });
  return new Promise(() => {});
}

/** A process that waits in a debugger is not stuck. */
function isDebugged(): boolean {
  // Not imported: all servers load this file, and few are workers.
  return process.getBuiltinModule('node:inspector').url() !== undefined;
}
