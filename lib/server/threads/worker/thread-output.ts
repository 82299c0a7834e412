/** What a thread prints and logs: written at once, for a thread that blocks cannot flush a stream. */
import { appendFileSync, writeSync } from 'node:fs';
import { TextErrorStream } from '../../../environ/error-stream.js';
import { type LogStream, type LogStyle, logger } from '../../../logger.js';
import { JsonErrors } from '../../log/json-errors.js';

/** The file descriptors. */
const STDOUT = 1;
const STDERR = 2;

const RETRY_MS = 1;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/**
 * `console.log` and all else that goes to the two standard streams is then written by a system call of this thread, in
 * order and before the call returns. Node's own way is a message to the main thread, sent by an event loop that is
 * blocked. It costs about 2 µs a line to a file, and a thread waits for a pipe or a terminal that is full.
 */
export function writeAtOnce(): void {
  replaceWrite(process.stdout, STDOUT);
  replaceWrite(process.stderr, STDERR);
}

/**
 * `wsgi.errors`, and the log with it. A log file is opened for each text: no signal tells a thread that it was rotated.
 * @param path of the log file; `-` is standard error.
 */
export function threadErrors(path: string, style: LogStyle): TextErrorStream {
  const target: LogStream = {
    style,
    write(text) {
      try {
        if (path === '-') process.stderr.write(text);
        else appendFileSync(path, text);
      } catch {
        // A full disk must not stop the server; the main thread has complained.
      }
    },
  };
  logger.stream = target;
  if (style !== 'json') return new TextErrorStream(target);
  const errors = new JsonErrors(target);
  process.once('exit', () => errors.flush());
  return new TextErrorStream(errors);
}

type Done = (error?: Error | null) => void;

function replaceWrite(stream: NodeJS.WriteStream, descriptor: number): void {
  stream.write = (data: string | Uint8Array, second?: BufferEncoding | Done, third?: Done): boolean => {
    const encoding = typeof second === 'string' ? second : 'utf8';
    const done = typeof second === 'function' ? second : third;
    writeAll(descriptor, typeof data === 'string' ? Buffer.from(data, encoding) : data);
    if (done !== undefined) process.nextTick(done);
    return true;
  };
}

/** What cannot be written, to a pipe that was closed or a full disk, is dropped, as on the main thread. */
function writeAll(descriptor: number, bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      // A pipe that is full: Node has made it non-blocking.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      Atomics.wait(NEVER, 0, 0, RETRY_MS);
    }
  }
}
