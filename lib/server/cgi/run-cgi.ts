/** `runCgi`: one request of a web server that starts this process for it (RFC 3875), and the process's end. */
import { fstatSync } from 'node:fs';
import { TextErrorStream } from '../../environ/error-stream.js';
import { ignore } from '../../environ/maybe-promise.js';
import type { Application, BlockingApplication, MaybePromise } from '../../environ/types.js';
import { ApplicationError, ClientDisconnected } from '../../errors.js';
import { checkApplication } from '../../interpreter/application-faults.js';
import { reportRejection } from '../../interpreter/report.js';
import { type LogStream, logger } from '../../logger.js';
import { blockInSleep, blockThread } from '../../sleep.js';
import { JsonErrors } from '../log/json-errors.js';
import { openLog } from '../log/log-file.js';
import { type BlockingCgiOptions, type CgiOptions, resolveCgiOptions } from '../options/gateway-options.js';
import type { ResolvedOptions } from '../options/options.js';
import { readVariables } from './cgi-environ.js';
import { CgiExchange } from './cgi-exchange.js';
import { CgiOutput } from './cgi-output.js';

/** A process ends as a shell says it: 128 and the number of the signal. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

const BY_HAND =
  'This is a CGI script: a web server starts it for each request, and sets REQUEST_METHOD and more. ' +
  'To try it by hand, put REQUEST_METHOD=GET PATH_INFO=/ in front of the command';

/**
 * Answers the request that a web server started this process for, as Python's `wsgiref.handlers.CGIHandler().run(app)`
 * does, and ends the process: with 0 after a whole response, 1 if it was cut short, 2 if no web server started it
 * (REQUEST_METHOD is missing). What has to be done at the end belongs in `close()` of the body or `process.on('exit')`.
 *
 * environ holds the whole environment of the process, as Python's does, with the variables of CGI (RFC 3875 section 4.1)
 * as native strings; `HTTP_PROXY` is in neither. `wsgi.input` is standard input up to CONTENT_LENGTH, `wsgi.errors` is
 * standard error. Standard output is for the response alone: `console.log` goes to standard error from this call on.
 * There is no `wsgi.websocket` and no `wsgi.early_hints`.
 *
 * With `blocking: true` the application blocks, as in Python: `wsgi.input` returns what it reads, `sleep()` blocks, and
 * signals end the process at once.
 * @throws ConfigError for options that cannot work, or are the web server's; an application that is not a function.
 */
export async function runCgi(application: Application, options?: CgiOptions): Promise<never>;
export async function runCgi(application: BlockingApplication, options: BlockingCgiOptions): Promise<never>;
export async function runCgi(
  application: Application | BlockingApplication,
  given: CgiOptions | BlockingCgiOptions = {},
): Promise<never> {
  checkApplication(application);
  process.exit(await answerCgi(() => application, given));
}

/**
 * Resolves to the exit code, when all is written.
 * @param load gives the application; what it throws is thrown again, after a response that says 500.
 * @throws ConfigError for the options.
 */
export async function answerCgi(
  load: () => MaybePromise<Application | BlockingApplication>,
  given: CgiOptions | BlockingCgiOptions,
): Promise<number> {
  const options = resolveCgiOptions(given);
  if (given.logLevel !== undefined) logger.setLevel(given.logLevel);
  if (!process.env['REQUEST_METHOD']) {
    process.stderr.write(`wsgi: ${BY_HAND}\n`);
    await flush(process.stderr);
    return 2;
  }
  const { blocking = false } = given;
  const { output, exchange } = begin(options, blocking);
  // A process that blocks hears no signal: as in Python, the system ends it.
  const end = new ProcessEnd(exchange, options.gracefulTimeout * 1000, blocking ? {} : SIGNALS);
  try {
    exchange.run(await load());
  } catch (error) {
    exchange.refuse();
    await leave(output, exchange);
    throw error;
  }
  const complete = await exchange.finished;
  if (end.exitCode !== undefined) return end.exitCode;
  end.answered = true;
  const flushed = await leave(output, exchange);
  return complete && flushed ? 0 : 1;
}

function begin(options: ResolvedOptions, blocking: boolean): { output: CgiOutput; exchange: CgiExchange } {
  const { errorLogfile, logFormat } = options;
  const log = openLog(errorLogfile, process.stderr, logFormat);
  if (errorLogfile !== '-' || logFormat === 'json') logger.stream = log;
  const variables = readVariables();
  // Set by the client (CVE-2016-5385); libraries that make requests read it here.
  delete process.env['HTTP_PROXY'];
  if (blocking) blockInSleep(blockThread);
  const output = CgiOutput.claim(blocking);
  const errors = new TextErrorStream(logFormat === 'json' ? jsonErrors(log) : log);
  const streams = { variables, openInput: () => process.stdin, output, errors, blocking };
  return { output, exchange: new CgiExchange(streams, options) };
}

function jsonErrors(log: LogStream): JsonErrors {
  const errors = new JsonErrors(log);
  process.once('exit', () => errors.flush());
  return errors;
}

/** Resolves when the process may end: to true if all of the response is the kernel's. */
async function leave(output: CgiOutput, exchange: CgiExchange): Promise<boolean> {
  const flushed = await output.flushed();
  // lighttpd gives a file, which need not be read to its end.
  if (flushed && !fstatSync(0).isFile()) await exchange.drain();
  await flush(process.stderr);
  return flushed;
}

/** What else may end the process, or should not. */
class ProcessEnd {
  /** Set by a signal. */
  exitCode: number | undefined;
  /** The application is done. */
  answered = false;

  constructor(exchange: CgiExchange, graceMs: number, signals: Readonly<Record<string, number>>) {
    for (const [name, code] of Object.entries(signals)) {
      process.on(name, () => {
        // The second one, or there is nothing left to wait for.
        if (this.exitCode !== undefined || this.answered) process.exit(code);
        this.exitCode = code;
        exchange.disconnect(new ClientDisconnected(`the web server ended this process (${name})`));
      });
    }
    // An application that does not notice has no end of its own.
    exchange.abortSignal.addEventListener('abort', () => {
      setTimeout(() => process.exit(this.exitCode ?? 1), graceMs);
    });
    process.on('unhandledRejection', reportRejection);
    process.on('uncaughtException', (error) => exchange.fail(error));
    // The log has no reader any more.
    process.stderr.on('error', ignore);
    process.once('beforeExit', () => {
      exchange.fail(
        new ApplicationError('The application waits, but nothing is left in this process that could happen'),
      );
    });
  }
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
