/** The command `wsgi record`. */
import { UsageError } from '../../server/cli/flags.js';
import { helpOf, parseLine } from '../command-line.js';
import { RECORD_OPTIONS } from './options.js';
import { type Recording, record } from './record.js';

const HEAD = `Usage: wsgi record --upstream URL --out FILE [OPTIONS]

A proxy in front of a server, that writes every exchange to an HTTP Archive (HAR 1.2). Bytes pass as they come.
  wsgi record --upstream http://127.0.0.1:8000 --out traffic.har --bind :8080
`;

const FOOT = `
Ctrl-C (SIGINT, SIGTERM) ends the recording, the second one at once. The file is complete whenever the process ends.
Exit status: 0 after a recording, 1 if something fails, 2 if the command line is wrong. More: docs/record.md
`;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @returns the exit code. @throws UsageError, ConfigError */
export async function command(argv: readonly string[]): Promise<number> {
  const { values, words } = parseLine(RECORD_OPTIONS, argv);
  if (values.help) {
    process.stdout.write(helpOf(RECORD_OPTIONS, HEAD, FOOT));
    return 0;
  }
  const { upstream, out, gracefulTimeout } = values;
  if (words.length > 0) {
    throw new UsageError(
      `wsgi record takes options alone, not ${words.join(' ')}: the original is --upstream URL`,
    );
  }
  if (upstream === undefined)
    throw new UsageError('wsgi record needs the original: --upstream http://127.0.0.1:8000');
  if (out === undefined) throw new UsageError('wsgi record needs a file to write: --out traffic.har');
  // Before it listens: a signal may come at once.
  const signals = new Signals();
  try {
    const recording = await record({ ...values, upstream, out });
    const secrets = values.redact ? 'secrets are replaced' : 'SECRETS ARE RECORDED (--no-redact)';
    console.log(`Recording ${recording.address} -> ${upstream} into ${out}: ${secrets}. Ctrl-C ends it.`);
    return await finish(recording, signals, gracefulTimeout, out);
  } finally {
    signals.remove();
  }
}

async function finish(recording: Recording, signals: Signals, grace: number, out: string): Promise<number> {
  const fault = await Promise.race([signals.next(), recording.failed]).then(
    () => undefined,
    (error: Error) => error,
  );
  const { running } = recording;
  if (running > 0 && grace > 0) {
    console.log(
      `Stopping: ${spell(running, 'connection')} still in use, up to ${grace} s. Ctrl-C again stops at once.`,
    );
  }
  const closed = recording.close(grace);
  await Promise.race([closed, signals.next().then(() => recording.close(0))]);
  await closed;
  if (fault !== undefined) {
    console.error(`wsgi: ${out} cannot be written any more, so the recording has ended: ${fault.message}`);
  }
  console.log(`${out} has ${spell(recording.count, 'exchange')}.`);
  return fault === undefined ? 0 : 1;
}

function spell(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Signals that end a recording, one after the other. */
class Signals {
  #came = 0;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor() {
    for (const name of SIGNALS) process.on(name, this.#listener);
  }

  /** Resolves with the next signal; at once if it has come already. */
  next(): Promise<void> {
    this.#taken += 1;
    if (this.#came >= this.#taken) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  remove(): void {
    for (const name of SIGNALS) process.off(name, this.#listener);
  }

  readonly #listener = () => {
    this.#came += 1;
    this.#waiting.shift()?.();
  };
}
