/** One process of one Node that runs spec files, one at a time. It is begun again when it fails. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brokenResult, type Result } from './messages.js';

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));
/** What V8 made of modules, for the processes that specs start: those since Node 22 find it there. */
const COMPILED = join(process.cwd(), 'out', '.compiled');
/** mocha has a limit for each test; this is for what it cannot end: a loop, or a wait at the top of a module. */
const FILE_LIMIT_MS = 600_000;
const END_LIMIT_MS = 20_000;
const OUTPUT_LENGTH = 20_000;

export class SpecProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #files: string[] = [];
  readonly #failing: string[] = [];
  #output = '';

  /** @param node the path of a Node. */
  constructor(node: string) {
    // What specs start by name, npm and npx, run on this Node as well.
    const PATH = `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`;
    this.#child = fork(WORKER, [], {
      execPath: node,
      execArgv: ['--enable-source-maps'],
      env: { ...process.env, PATH, NODE_COMPILE_CACHE: COMPILED },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_LENGTH);
      });
    }
    this.#closed = once(this.#child, 'close');
  }

  get usable(): boolean {
    return this.#child.connected;
  }

  async run(file: string): Promise<Result> {
    this.#files.push(file);
    this.#output = '';
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), FILE_LIMIT_MS);
    this.#child.send(file);
    const [result] = await Promise.race([
      once(this.#child, 'message') as Promise<[Result]>,
      this.#closed.then(() => [undefined] as const),
    ]);
    clearTimeout(limit);
    if ((result?.failures.length ?? 1) > 0) this.#failing.push(file);
    if (result !== undefined) return withOutput(result, this.#output);
    const { exitCode, signalCode } = this.#child;
    const title = `The process ended with ${exitCode ?? signalCode} before the file did`;
    return brokenResult(file, title, this.#output);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Lets it end. Nothing that the specs left behind may keep it. */
  async end(): Promise<Result | undefined> {
    if (!this.usable) return undefined;
    let killed = false;
    const limit = setTimeout(() => {
      killed = this.#child.kill('SIGKILL');
    }, END_LIMIT_MS);
    // Not 'close', which does not come where it is the parent that disconnects.
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
    clearTimeout(limit);
    if (!killed) return undefined;
    // A test that failed, as a rule, has left something open.
    const suspects = this.#failing.length > 0 ? this.#failing : this.#files;
    return brokenResult('all', 'A process does not end', `  It does not end after ${suspects.join(', ')}`);
  }
}

/** What was written meanwhile says more than a failure alone. */
function withOutput(result: Result, output: string): Result {
  if (result.failures.length === 0 || output === '') return result;
  const lines = output.trimEnd().split('\n').slice(-40);
  const written = `\n\n     The end of what the file wrote:\n${lines.map((line) => `     | ${line}`).join('\n')}\n`;
  const failures = result.failures.map((failure, i) =>
    i === result.failures.length - 1 ? { ...failure, text: failure.text + written } : failure,
  );
  return { ...result, failures };
}
