/** Standard input and output of a CGI process whose application blocks: each call waits for the kernel. */
import { readSync, writeSync } from 'node:fs';
import { blockThread } from '../../sleep.js';

const STDIN = 0;
const STDOUT = 1;

/** Milliseconds between two tries where the web server has made a pipe that does not block. */
const RETRY_MS = 2;

/**
 * @param most bytes.
 * @returns what has come, and waits while there is nothing; empty at the end.
 */
export function readNow(most: number): Buffer {
  const buffer = Buffer.allocUnsafe(most);
  for (;;) {
    try {
      return buffer.subarray(0, readSync(STDIN, buffer, 0, most, null));
    } catch (error) {
      // Windows has an error for the end of a pipe.
      if (codeOf(error) === 'EOF') return buffer.subarray(0, 0);
      waitOrThrow(error);
    }
  }
}

/** Returns when the kernel has all of it. @throws what the system says where the web server takes no more. */
export function writeNow(bytes: Uint8Array): void {
  for (let rest = bytes; rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(STDOUT, rest));
    } catch (error) {
      waitOrThrow(error);
    }
  }
}

function waitOrThrow(error: unknown): void {
  if (codeOf(error) !== 'EAGAIN') throw error;
  blockThread(RETRY_MS);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
