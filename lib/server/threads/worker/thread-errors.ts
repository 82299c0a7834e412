/** `wsgi.errors` and the log of a thread. */
import { appendFileSync } from 'node:fs';
import { TextErrorStream, type TextTarget } from '../../../environ/error-stream.js';
import { logger } from '../../../logger.js';

/**
 * Both write at once. A log file is opened for each text: no signal tells a thread that it was rotated.
 * @param path of the log file; `-` is standard error.
 */
export function threadErrors(path: string): TextErrorStream {
  if (path === '-') return new TextErrorStream();
  const file: TextTarget = {
    write(text) {
      try {
        appendFileSync(path, text);
      } catch {
        // A full disk must not stop the server; the main thread has complained.
      }
    },
  };
  logger.stream = file;
  return new TextErrorStream(file);
}
