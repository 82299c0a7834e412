/** A12: files given to wsgi.file_wrapper that cannot be read: known before the head is sent, as of any other body. */
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { get, head, plain } from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

const here = fileURLToPath(import.meta.url);

async function closedHandle() {
  const file = await openFile(here);
  await file.close();
  return file;
}

function throwing(): never {
  throw new Error('the disk is gone');
}

// biome-ignore format: one row each
const faults: [id: string, what: string, make: () => object | Promise<object>][] = [
  ['closed', 'was closed before', closedHandle],
  ['folder', 'is a folder', () => openFile(tmpdir())],
  ['write-only', 'is open for writing only', () => openFile(devNull, 'w')],
  ['none', 'is not there', () => createReadStream(join(tmpdir(), 'wsgi-there-is-no-such-file'))],
  ['stream', 'is a stream that fails', () => new Readable({ read() { this.destroy(new Error('broken')); } })],
  ['throws', 'throws in read()', () => ({ read: throwing })],
  ['rejects', 'rejects in read()', () => ({ read: async () => throwing() })],
  ['text', 'is read as text', () => ({ read: () => 'text' })],
];

export const fileFaults: Scenario[] = faults.flatMap(([id, what, make]) =>
  [get(), head()].map((request, isHead) =>
    scenario({
      id: `A-202.${id}${isHead ? '.head' : ''}`,
      name: `answers 500 for a file that ${what}${isHead ? ', to HEAD as well' : ''}`,
      app: () => async (environ, start_response) => {
        const file = await make();
        start_response('200 OK', plain(10));
        return environ['wsgi.file_wrapper'](file);
      },
      request,
      connection: 'closed',
      check: ({ first, log }) => {
        assert.equal(first.status, 500);
        log.says(/Error in the application/);
      },
    }),
  ),
);
