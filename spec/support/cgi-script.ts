/** A CGI script as a web server starts it: variables, a pipe in, a pipe out. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ScriptResult {
  readonly code: number | NodeJS.Signals;
  readonly status: string;
  /** In lower case, without `Status`. */
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const running = new Set<ChildProcessWithoutNullStreams>();

/** For `afterEach`. */
export function killScripts(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** @param command program and arguments. @param variables all that the process has in its environment. */
export function startScript(
  [program = '', ...args]: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams {
  const env = { REQUEST_METHOD: 'GET', SERVER_NAME: 'h', SERVER_PORT: '80', ...variables };
  const child = spawn(program, args, { env: { PATH: process.env['PATH'], ...env } });
  running.add(child);
  child.once('close', () => running.delete(child));
  child.stdin.on('error', () => {});
  return child;
}

/** @param input what comes on standard input; it is left open after it. */
export async function runScript(
  command: readonly string[],
  variables?: Readonly<Record<string, string>>,
  input?: string,
  endInput = false,
): Promise<ScriptResult> {
  const child = startScript(command, variables);
  if (input !== undefined) child.stdin.write(input);
  if (endInput) child.stdin.end();
  return resultOf(child);
}

/** Everything that it writes from now on, to its end. */
export async function resultOf(child: ChildProcessWithoutNullStreams): Promise<ScriptResult> {
  const closed = once(child, 'close');
  const [out, err] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  const [code, signal] = await closed;
  const stdout = Buffer.concat(out);
  const end = stdout.indexOf('\r\n\r\n');
  const head = end === -1 ? '' : stdout.toString('latin1', 0, end);
  const fields = head.split('\r\n').map((line) => [line.split(': ', 1)[0] ?? '', line.replace(/^.*?: /, '')]);
  const { status = '', ...headers } = Object.fromEntries(
    fields.map(([name, value]) => [name?.toLowerCase(), value]),
  );
  const body = stdout.subarray(end === -1 ? stdout.length : end + 4);
  return { code: code ?? signal, status, headers, body, stdout, stderr: Buffer.concat(err).toString() };
}
