/** `wsgi -w N` for specs: its application, its process, and what the log says of its workers. */
import { fileURLToPath } from 'node:url';
import { Command } from '../../support/command.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const CLI = fileURLToPath(new URL('../../../dist/bin.js', import.meta.url));

/** Answers `TEXT PID`; `/waits?file` ends when that file is there, `/stuck?file` holds the event loop until then. */
export const APP = `import { existsSync } from 'node:fs';
import { text } from './text.mjs';
const sleep = (ms) => new Promise((go) => setTimeout(go, ms));
const block = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
export const app = async (environ, start_response) => {
  const { PATH_INFO: path, QUERY_STRING: query } = environ;
  const websocket = environ['wsgi.websocket'];
  if (websocket !== undefined) {
    for await (const message of websocket) {
      await websocket.send('begun');
      while (!existsSync(message)) await sleep(10);
      await websocket.send('answered');
    }
    return [];
  }
  let body = text;
  if (environ.REQUEST_METHOD === 'POST') body = String(await environ['wsgi.input'].read());
  if (path !== '/') console.log('serves ' + path + ' in ' + process.pid);
  if (path === '/stuck') while (!existsSync(query)) block(10);
  if (path === '/waits') while (!existsSync(query)) await sleep(10);
  if (path === '/poll') await sleep(Number(query));
  if (path === '/throws') setTimeout(() => { throw new Error('thrown in a timer'); });
  if (path === '/multiprocess') body = String(environ['wsgi.multiprocess']);
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from(body + ' ' + process.pid)];
};
export const blocking = (environ, start_response) => {
  const { PATH_INFO: path, QUERY_STRING: query } = environ;
  if (path === '/stuck') while (!existsSync(query)) block(10);
  const websocket = environ['wsgi.websocket'];
  if (websocket !== undefined) {
    for (const message of websocket) {
      websocket.send('begun');
      while (!existsSync(message)) block(10);
      websocket.send('answered');
    }
    return [];
  }
  start_response('200 OK', []);
  return [Buffer.from(text + ' ' + process.pid)];
};`;

export const said = (text: string) => `export const text = '${text}';`;

/** One parent with its workers. */
export class Crew extends Command {
  readonly folder: string;

  constructor(
    args: readonly string[],
    files: Readonly<Record<string, string>> = {},
    env: Readonly<Record<string, string>> = {},
  ) {
    const folder = temporaryFolder({ 'app.mjs': APP, 'text.mjs': said('v0'), ...files });
    const bind = args.includes('-b') ? [] : ['-b', '127.0.0.1:0'];
    super([...bind, ...args], { cwd: folder, script: CLI, plain: true, env });
    this.folder = folder;
  }

  async port(): Promise<number> {
    return Number(new URL(await this.address()).port);
  }

  /** Process ids of all that ever served, in order. */
  get began(): number[] {
    return [...this.stderr.matchAll(/Worker (\d+) serves/g)].map(([, pid]) => Number(pid));
  }

  /** Of those that serve, as the log says. */
  get serving(): number[] {
    const gone = (pid: number) =>
      new RegExp(`Worker ${pid} (?!serves)(?!.*takes its place$)`, 'm').test(this.stderr);
    const died = (pid: number) =>
      new RegExp(`Worker ${pid} (?:was|ended).*takes its place`).test(this.stderr);
    return this.began.filter((pid) => !gone(pid) && !died(pid));
  }

  /** Waits until as many have begun to serve, since the start. */
  async begins(count: number): Promise<number[]> {
    await until(() => this.began.length >= count, `${count} workers that serve`);
    return this.began;
  }

  /** Sends a signal to the parent, and waits for what the log says then, for the `count`th time. */
  async signal(name: NodeJS.Signals, says: RegExp, count = 1): Promise<void> {
    this.child.kill(name);
    const all = new RegExp(says.source, 'gm');
    await until(() => (this.stderr.match(all)?.length ?? 0) >= count, String(says));
  }

  async get(path = '/'): Promise<{ text: string; pid: number }> {
    const response = await fetch(`${await this.address()}${path}`);
    const [text = '', pid] = (await response.text()).split(' ');
    return { text, pid: Number(pid) };
  }
}
