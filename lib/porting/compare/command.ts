/** The command `wsgi compare`. */
import { WsgiError } from '../../errors.js';
import { UsageError } from '../../server/cli/command-line.js';
import { helpOf, parseLine } from '../command-line.js';
import { compare } from './compare.js';
import { exitCodeOf } from './comparison.js';
import { COMPARE_OPTIONS, type CompareValues } from './options.js';
import { Reports } from './reports.js';

const HEAD = `Usage: wsgi compare ARCHIVE --original TARGET --candidate TARGET [OPTIONS]

Replays recorded requests against both and reports what differs. ARCHIVE is an HTTP Archive (HAR), of wsgi record or of
a browser, or a text file with one request a line (GET /path). A TARGET is one of these:
  http://127.0.0.1:8000                  a server that runs already
  site.mjs:app                           an application of JavaScript, MODULE:CALLABLE
  'python3 site.py --port {port}'        any command that serves on the port it is given
  wsgi compare traffic.har --original 'python3 site.py {port}' --candidate site.mjs:app
What is no URL is started afresh for each pass: original, original again (what differs then is noise), candidate.
`;

const FOOT = `
Exit status: 0 if all is equal, 1 if something differs or the original has drifted from the recording, 2 if nothing was
compared: the command line is wrong, a server does not start. More: docs/compare.md
`;

/** The exit code of a command that Ctrl-C ended, in a shell. */
const INTERRUPTED = 130;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @returns the exit code. @throws UsageError, ConfigError */
export async function command(argv: readonly string[]): Promise<number> {
  const { values, words } = parseLine(COMPARE_OPTIONS, argv);
  if (values.help) {
    process.stdout.write(helpOf(COMPARE_OPTIONS, HEAD, FOOT));
    return 0;
  }
  const [archive, ...others] = words;
  const { original, candidate } = values;
  if (archive === undefined)
    throw new UsageError('wsgi compare needs a recording: wsgi compare traffic.har …');
  if (others.length > 0) {
    throw new UsageError(`wsgi compare takes one recording, not also ${others.join(' ')}`);
  }
  if (original === undefined || candidate === undefined) {
    const missing = original === undefined ? '--original' : '--candidate';
    throw new UsageError(
      `wsgi compare needs ${missing} TARGET: a URL, MODULE:CALLABLE or a command with {port}`,
    );
  }
  return run(archive, { ...values, original, candidate });
}

async function run(
  archive: string,
  values: CompareValues & { original: string; candidate: string },
): Promise<number> {
  const { help: _help, allowDrift, report, secrets, ...options } = values;
  const reports = new Reports(archive, values);
  const interrupt = new AbortController();
  const stop = () => {
    // Whoever asks a second time does not wait; what was started is ended when the process exits.
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
    interrupt.abort(new Error('interrupted'));
  };
  for (const name of SIGNALS) process.on(name, stop);
  try {
    const counts = await compare(archive, {
      ...options,
      secrets: Object.fromEntries(secrets.map(assignmentOf)),
      signal: interrupt.signal,
      onprogress: (done, all) => reports.progress(done, all),
      onresult: (result) => reports.add(result),
      onend: () => reports.write(),
      onwarning: (sentence) => process.stderr.write(`wsgi: ${sentence}\n`),
    });
    return exitCodeOf(counts, allowDrift);
  } catch (error) {
    if (interrupt.signal.aborted) {
      process.stderr.write('wsgi: interrupted: nothing is proven\n');
      return INTERRUPTED;
    }
    if (!(error instanceof WsgiError)) throw error;
    // 1 says that something differs, and nothing was compared.
    process.stderr.write(`wsgi: ${error.message}\n`);
    return 2;
  } finally {
    reports.end();
    for (const name of SIGNALS) process.removeListener(name, stop);
  }
}

function assignmentOf(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}
