/** A file that log lines are appended to, one system call per turn of the event loop. */
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ignore } from '../../environ/maybe-promise.js';
import { ConfigError } from '../../errors.js';
import { type LogStream, type LogStyle, logLine } from '../../logger.js';

export interface TextSink {
  write(text: string): unknown;
}

/** Text is lost only if the process is killed in the same turn: what waits is written at exit. */
export class LogFile implements TextSink {
  readonly path: string;
  /** How the lines of the logger are written here. */
  readonly style: LogStyle;
  #descriptor: number;
  #waiting = '';
  #complained = false;
  #closed = false;

  constructor(path: string, style: LogStyle = 'dated') {
    this.path = path;
    this.style = style;
    this.#descriptor = open(path);
    if (openFiles.size === 0) {
      process.on('exit', flushAll);
      // As gunicorn: log rotation moves the file away, then sends the signal.
      process.on('SIGUSR1', reopenAll);
    }
    openFiles.add(this);
  }

  write(text: string): void {
    // The descriptor may be another file's by now.
    if (this.#closed) return;
    if (this.#waiting === '') setImmediate(this.flush);
    this.#waiting += text;
  }

  /** Writes what waits. */
  readonly flush = (): void => {
    let bytes = Buffer.from(this.#waiting);
    this.#waiting = '';
    try {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#descriptor, bytes));
      this.#complained = false;
    } catch (error) {
      // A full disk must not stop the server; one complaint until it works again.
      if (!this.#complained) complain(`cannot write to ${this.path}: ${reason(error)}`, this.style);
      this.#complained = true;
    }
  };

  /** Goes on in a new file of the same path. */
  reopen(): void {
    this.flush();
    try {
      const descriptor = open(this.path);
      closeSync(this.#descriptor);
      this.#descriptor = descriptor;
    } catch (error) {
      complain(reason(error), this.style);
    }
  }

  /** What is written later is dropped. */
  close(): void {
    if (this.#closed) return;
    openFiles.delete(this);
    if (openFiles.size === 0) {
      process.off('exit', flushAll);
      process.off('SIGUSR1', reopenAll);
    }
    this.flush();
    this.#closed = true;
    closeSync(this.#descriptor);
  }
}

/** One listener does for all: a process may have many servers, with two files each. */
const openFiles = new Set<LogFile>();

function flushAll(): void {
  for (const file of openFiles) file.flush();
}

function reopenAll(): void {
  for (const file of openFiles) file.reopen();
}

/** A standard stream, which is never closed, or a file. */
export type LogTarget = LogStream & { close?(): void };

/**
 * @param path `-` is `standard`.
 * @param format `json`, or `text`: lines have times in files, and on standard streams if `dated` says so.
 * @throws ConfigError if the file cannot be opened.
 */
export function openLog(
  path: string,
  standard: TextSink,
  format: 'text' | 'json' = 'text',
  dated = false,
): LogTarget {
  if (path !== '-') return new LogFile(path, format === 'json' ? 'json' : 'dated');
  const style = format === 'json' ? 'json' : dated ? 'dated' : 'plain';
  return { write: (text) => standard.write(text), style };
}

function open(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (error) {
    const folder = dirname(resolve(path));
    const missing = statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true;
    const hint = missing ? `. There is no folder ${folder}: create it first` : '';
    throw new ConfigError(`Cannot open the log file ${path}: ${reason(error)}${hint}`);
  }
}

/** Of a log itself: on standard error, as that is all there is. */
function complain(message: string, style: LogStyle): void {
  const plain = style !== 'json';
  process.stderr.write(
    plain ? `wsgi: ${message}\n` : logLine({ level: 'ERROR', logger: 'wsgi', message }, style),
  );
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Keeps SIGUSR1 from opening the debugger, as it does by Node's default: a port on which any user of the machine may run
 * code. Listeners of log files come and go, and a server may log to no file: this one stays.
 */
export function takeLogSignal(): void {
  if (!process.listeners('SIGUSR1').includes(ignore)) process.on('SIGUSR1', ignore);
}
