/** A file that log lines are appended to, one system call per turn of the event loop. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { ignore } from '../../environ/maybe-promise.js';
import { ConfigError } from '../../errors.js';

export interface TextSink {
  write(text: string): unknown;
}

/** Text is lost only if the process is killed in the same turn: what waits is written at exit. */
export class LogFile implements TextSink {
  readonly path: string;
  #descriptor: number;
  #waiting = '';
  #complained = false;
  #closed = false;

  constructor(path: string) {
    this.path = path;
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
      if (!this.#complained) process.stderr.write(`wsgi: cannot write to ${this.path}: ${reason(error)}\n`);
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
      process.stderr.write(`wsgi: ${reason(error)}\n`);
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
export type LogTarget = TextSink & { close?(): void };

/** @param path `-` is `standard`. @throws ConfigError if the file cannot be opened. */
export function openLog(path: string, standard: TextSink): LogTarget {
  return path === '-' ? { write: (text) => standard.write(text) } : new LogFile(path);
}

function open(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (error) {
    throw new ConfigError(`Cannot open the log file ${path}: ${reason(error)}`);
  }
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
