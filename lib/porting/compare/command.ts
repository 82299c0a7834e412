/** The command `wsgi compare`. */
import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { WsgiError } from '../../errors.js';
import { UsageError } from '../../server/cli/flags.js';
import { helpOf, parseLine } from '../command-line.js';
import { Progress, wantsColour } from '../report/progress.js';
import { Report } from '../report/report.js';
import { compare, notesOf } from './compare.js';
import { exitCodeOf } from './comparison.js';
import { COMPARE_OPTIONS, type CompareValues } from './options.js';

const HEAD = `Usage: wsgi compare ARCHIVE --original TARGET --candidate TARGET [OPTIONS]

Replays recorded requests against both and reports what differs. ARCHIVE is an HTTP Archive (HAR), of wsgi record or of
a browser, or a text file with one request a line (GET /path). A TARGET is one of these:
  http://127.0.0.1:8000                  a server that runs already
  site.mjs:app                           an application of JavaScript, MODULE:CALLABLE
  'python3 site.py --port {port}'        any command that serves on the port it is given
  wsgi compare traffic.har --original 'python3 site.py {port}' --candidate site.mjs:app
What is not a URL is started again for each pass: original, original again (what differs then is noise), candidate.
`;

const FOOT = `
Exit status: 0 if all is equal, 1 if something differs or the original has drifted from the recording, 2 if nothing was
compared: the command line is wrong, a server does not start. More: docs/compare.md
`;

/** The exit code of a command that Ctrl-C ended, in a shell. */
const INTERRUPTED = 130;
/** The exit code if nothing was compared. */
const NOTHING = 2;
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
  const { help: _help, allowDrift, report: files, secrets, ...options } = values;
  for (const file of files) checkFolder(file);
  const { original, candidate } = values;
  const known = secrets.map(assignmentOf);
  const hidden = known.map(([, value]) => value);
  const report = new Report({ archive, original, candidate, notes: notesOf(values), secrets: hidden });
  const progress = new Progress();
  const interrupt = new AbortController();
  const stop = () => {
    // The second one does not wait; what was started is ended when the process exits.
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
    interrupt.abort(new Error('interrupted'));
  };
  for (const name of SIGNALS) process.on(name, stop);
  try {
    const counts = await compare(archive, {
      ...options,
      secrets: Object.fromEntries(known),
      signal: interrupt.signal,
      onprogress: (done, all, pass) => progress.update(done, all, pass),
      onresult: (result) => report.add(result),
      onwarning: (sentence) => process.stderr.write(`wsgi: ${sentence}\n`),
    });
    progress.end();
    const { columns } = process.stdout;
    process.stdout.write(await report.text({ colour: wantsColour(process.stdout), columns }));
    for (const file of files) await report.write(file);
    const code = exitCodeOf(counts, allowDrift);
    if (code === NOTHING) process.stderr.write('wsgi: nothing was compared, so nothing is proven\n');
    return code;
  } catch (error) {
    progress.end();
    if (interrupt.signal.aborted) {
      process.stderr.write('wsgi: interrupted: nothing is proven\n');
      return INTERRUPTED;
    }
    if (!(error instanceof WsgiError)) throw error;
    // 1 says that something differs, and nothing was compared.
    process.stderr.write(`wsgi: ${error.message}\n`);
    return NOTHING;
  } finally {
    for (const name of SIGNALS) process.removeListener(name, stop);
  }
}

/** Before an hour of comparing, not after it. */
function checkFolder(file: string): void {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--report ${file}: its folder cannot be written to (${code})`);
  }
}

function assignmentOf(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}
