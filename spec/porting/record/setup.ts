/** A recording between a client and an original that both speak bytes, and what it has recorded. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Wire } from '../../../lib/conformance/wire.js';
import type { Exchange } from '../../../lib/porting/exchange.js';
import { type Recording, type RecordOptions, record } from '../../../lib/porting/record/record.js';
import { closePeers, Peer } from '../../support/peer.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { exchangesIn } from '../archive/exchanges.js';

const PATIENCE = 20;

const recordings: Recording[] = [];
const servers: Server[] = [];
const sockets = new Set<Socket>();

/** For `afterEach`. */
export async function endRecordings(): Promise<void> {
  closePeers();
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  await Promise.all(recordings.splice(0).map((recording) => recording.close(0)));
  removeTemporaryFolders();
}

/** One connection as the original has it. */
export type Script = (wire: Wire) => unknown;

/** An original that does what `script` says on each connection; gives its port. */
export async function original(script: Script): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    void script(new Wire(socket, PATIENCE));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Waits until the client has sent text that matches. */
export async function receives(wire: Wire, pattern: RegExp): Promise<void> {
  await wire.until(() => pattern.test(wire.text), String(pattern));
}

/** An original that answers one request, when its head has come, with these bytes; then it does what `after` says. */
export function answers(text: string | Buffer, after: Script = () => {}): Promise<number> {
  return original(async (wire) => {
    await receives(wire, /\r\n\r\n/);
    await wire.send(text);
    await after(wire);
  });
}

export class Recorded {
  readonly recording: Recording;
  readonly path: string;

  constructor(recording: Recording, path: string) {
    this.recording = recording;
    this.path = path;
  }

  get port(): number {
    return Number(new URL(this.recording.address).port);
  }

  connect(): Promise<Peer> {
    return Peer.connect(this.port);
  }

  /** Waits until the archive has as many exchanges. */
  async exchanges(count: number): Promise<Exchange[]> {
    await until(() => this.recording.count >= count, `${count} exchanges`);
    return exchangesIn(this.path);
  }

  /** The only one. */
  async exchange(): Promise<Exchange> {
    const [first, second] = await this.exchanges(1);
    if (first === undefined || second !== undefined)
      throw new Error('there is more than one exchange, or none');
    return first;
  }

  /** The archive as text. */
  get text(): string {
    return readFileSync(this.path, 'utf8');
  }
}

export async function recordingOf(
  upstream: number | string,
  options: Partial<RecordOptions> = {},
): Promise<Recorded> {
  const out = join(temporaryFolder(), 'traffic.har');
  const recording = await record({
    upstream: typeof upstream === 'number' ? `http://127.0.0.1:${upstream}` : upstream,
    out,
    bind: '127.0.0.1:0',
    ...options,
  });
  recordings.push(recording);
  return new Recorded(recording, out);
}
