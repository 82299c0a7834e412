/** nginx and haproxy as child processes: started on free ports, killed by the spec's `afterEach`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../lib/porting/compare/target/start-server.js';
import { findProgram, requireProgram } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { haproxyConfiguration, nginxConfiguration, type Places, type Upstream } from './configurations.js';

interface Kind {
  readonly name: 'nginx' | 'haproxy';
  configuration(places: Places): string;
  /** Stays in the foreground; what goes wrong is said on standard error. */
  command(file: string, folder: string): string[];
}

const KINDS: readonly Kind[] = [
  {
    name: 'nginx',
    configuration: nginxConfiguration,
    command: (file, folder) => ['-p', folder, '-c', file, '-e', 'stderr'],
  },
  { name: 'haproxy', configuration: haproxyConfiguration, command: (file) => ['-db', '-f', file] },
];

const FIXTURES = new URL('../server/fixtures/', import.meta.url);
const running = new Set<ProxyServer>();

export class ProxyServer {
  readonly port: number;
  readonly tlsPort: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #adminSocket: string;
  #said = '';

  constructor({ port, tlsPort, folder }: Places, executable: string, args: readonly string[]) {
    this.#adminSocket = join(folder, 'admin.sock');
    this.port = port;
    this.tlsPort = tlsPort;
    // A group of its own, so that kill() also ends its workers.
    this.#child = spawn(executable, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    this.#exited = once(this.#child, 'exit');
    running.add(this);
    process.once('exit', this.#end);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async listening(): Promise<void> {
    await until(async () => {
      if (this.#child.exitCode !== null) throw new Error(`The proxy did not start: ${this.#said}`);
      return (await accepts(this.port)) && accepts(this.tlsPort);
    }, 'the start of the proxy');
  }

  /** haproxy gives this upstream no new requests from now on. nginx cannot be told: it finds out, and asks the next. */
  async drain(upstream: number): Promise<void> {
    if (!existsSync(this.#adminSocket)) return;
    const admin = connect(this.#adminSocket);
    admin.end(`set server app/app${upstream} state drain\n`);
    const said = Buffer.concat(await admin.toArray())
      .toString()
      .trim();
    if (said !== '') throw new Error(`haproxy did not drain: ${said}`);
  }

  async kill(): Promise<void> {
    process.removeListener('exit', this.#end);
    running.delete(this);
    this.#end();
    await this.#exited;
  }

  readonly #end = (): void => {
    const { pid } = this.#child;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  };
}

/** For `afterEach`. */
export async function killProxies(): Promise<void> {
  await Promise.all([...running].map((proxy) => proxy.kill()));
}

export type StartProxy = (...upstreams: Upstream[]) => Promise<ProxyServer>;

/** The same tests behind each proxy; where one is not installed they are skipped, but not in CI. */
export function behindProxies(what: string, tests: (start: StartProxy, name: Kind['name']) => void): void {
  for (const kind of KINDS) {
    describe(`behind ${kind.name}, ${what}`, () => {
      const executable = findProgram(kind.name);
      before(function () {
        requireProgram(kind.name, this);
      });
      tests((...upstreams) => start(kind, executable as string, upstreams), kind.name);
    });
  }
}

async function start(kind: Kind, executable: string, upstreams: readonly Upstream[]): Promise<ProxyServer> {
  const pem = ['localhost-cert.pem', 'localhost-key.pem'].map((name) =>
    readFileSync(fileURLToPath(new URL(name, FIXTURES)), 'utf8'),
  );
  const folder = temporaryFolder({ 'proxy.pem': pem.join('') });
  const [port, tlsPort] = await freePorts();
  const places = { port, tlsPort, folder, certificate: join(folder, 'proxy.pem'), upstreams };
  const file = join(temporaryFolder({ 'proxy.conf': kind.configuration(places) }), 'proxy.conf');
  const proxy = new ProxyServer(places, executable, kind.command(file, folder));
  await proxy.listening();
  return proxy;
}

/** Two different ones. */
export async function freePorts(): Promise<[number, number]> {
  const first = await freePort();
  let second = await freePort();
  while (second === first) second = await freePort();
  return [first, second];
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
