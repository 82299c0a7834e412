/** Where log lines and `wsgi.errors` go. */
import { openSync, writeSync } from 'node:fs';
import { ConfigError } from '../errors.js';

export interface TextSink {
  write(text: string): unknown;
}

/**
 * @param path of a file to append to, or `-` for standard error.
 * Written at once, so that the last lines before a crash are there.
 * @throws ConfigError if the file cannot be opened.
 */
export function openErrorLog(path: string): TextSink {
  if (path === '-') return process.stderr;
  try {
    const file = openSync(path, 'a');
    return { write: (text) => writeSync(file, text) };
  } catch (error) {
    throw new ConfigError(`The error log ${path} cannot be written: ${(error as Error).message}`);
  }
}
