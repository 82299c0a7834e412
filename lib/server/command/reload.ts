/** `--reload`: the same command under Node's own watcher. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Runs `script` with `argv` in `cwd`, again whenever a file that it imported changes; resolves to its exit code. */
export function runReloading(script: string, argv: readonly string[], cwd: string): Promise<number> {
  const watch = ['--watch', '--watch-preserve-output', ...process.execArgv];
  const watcher = spawn(process.execPath, [...watch, script, ...withoutReload(argv)], {
    cwd,
    stdio: 'inherit',
  });
  const forward = (signal: NodeJS.Signals) => {
    // A terminal sends SIGINT to every process in front of it: the watcher has it already.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    // The watcher passes only SIGTERM and SIGINT on; any other would kill it and leave the server behind.
    watcher.kill(signal === 'SIGINT' ? signal : 'SIGTERM');
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    watcher.once('error', reject);
    watcher.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}

/** A config file may say reload as well, so leaving the flag out is not enough. */
function withoutReload(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return end < 0 ? [...argv, '--no-reload'] : argv.toSpliced(end, 0, '--no-reload');
}
