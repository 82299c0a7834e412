/** lighttpd as a child process, which starts a CGI script for each request. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../lib/porting/compare/target/start-server.js';
import { findProgram } from './program.js';
import { temporaryFolder } from './temporary-folder.js';
import { until } from './until.js';

/** As docs/cgi.md has it, with the places of a test put in: every path is the script's. */
function configuration(port: number, folder: string, script: string, env: Record<string, string>): string {
  // A script of lighttpd has no other variables than those of the request, and these.
  const { PATH, NODE_COMPILE_CACHE = '' } = process.env;
  const variables = Object.entries({ PATH, NODE_COMPILE_CACHE, ...env }).map(
    ([name, value]) => `"${name}" => "${value}"`,
  );
  return `
server.modules = ( "mod_alias", "mod_setenv", "mod_cgi" )
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${folder}"
server.upload-dirs = ( "${folder}" )
server.errorlog = "${folder}/error.log"
server.breakagelog = "${folder}/script.log"
server.feature-flags = ( "server.graceful-shutdown-timeout" => 0 )
server.stream-response-body = 2
server.http-parseopts = ( "url-invalid-utf8-reject" => "disable" )
setenv.set-environment = ( ${variables} )
alias.url = ( "" => "${script}" )
cgi.limits = ( "tcp-fin-propagate" => "SIGTERM" )
cgi.assign = ( ".mjs" => "${process.execPath}", ".js" => "${process.execPath}", ".cgi" => "" )
`;
}

const running = new Set<Lighttpd>();

export class Lighttpd {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(port: number, script: string, env: Record<string, string>) {
    this.port = port;
    this.#folder = temporaryFolder();
    const file = join(
      temporaryFolder({ 'lighttpd.conf': configuration(port, this.#folder, script, env) }),
      'lighttpd.conf',
    );
    // A group of its own, so that kill() also ends what it started.
    this.#child = spawn(findProgram('lighttpd') ?? 'lighttpd', ['-D', '-f', file], {
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#exited = once(this.#child, 'exit');
    running.add(this);
    process.once('exit', this.#end);
  }

  /** @param script its path; it must end in `.js` or `.mjs`, or be a program with a name that ends in `.cgi`. */
  static async start(script: string, env: Record<string, string> = {}): Promise<Lighttpd> {
    const server = new Lighttpd(await freePort(), script, env);
    await until(() => accepts(server.port), 'the start of lighttpd');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What scripts wrote to standard error so far. */
  get log(): string {
    return readFileSync(join(this.#folder, 'script.log'), 'utf8');
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
export async function killLighttpd(): Promise<void> {
  await Promise.all([...running].map((server) => server.kill()));
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
