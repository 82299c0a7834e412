/** A12: wsgi.file_wrapper. */
import assert from 'node:assert/strict';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Application, Body, Environ, FileLike, HeaderList } from '../../environ/types.js';
import {
  aWhile,
  eventually,
  gate,
  get,
  get10,
  head,
  hearLeaving,
  KEEP_ALIVE,
  PLAIN,
  plain,
  text,
  texts,
  untilLeft,
} from '../messages.js';
import { type Capability, type Scenario, scenario } from '../scenario.js';

/** A file that only reads, and keeps account. */
class Like implements FileLike {
  readonly reads: number[] = [];
  closed = 0;
  position = 0;
  readonly #content: Buffer;

  constructor(content: string | Buffer) {
    this.#content = Buffer.from(content);
  }

  read(size: number): Buffer {
    this.reads.push(size);
    const block = this.#content.subarray(this.position, this.position + size);
    this.position += block.length;
    return block;
  }

  close(): void {
    this.closed++;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'wsgi-conformance-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, size: number): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.alloc(size, `${name}:`));
  return path;
}

const contentOf = (name: string, size: number) => Buffer.alloc(size, `${name}:`);

type Making = (environ: Environ) => object | Promise<object>;

function wrapped(make: Making, headers: HeaderList = PLAIN, status = '200 OK'): Application {
  return async (environ, start_response) => {
    const file = await make(environ);
    start_response(status, headers);
    return environ['wsgi.file_wrapper'](file);
  };
}

interface Sent {
  id: string;
  name: string;
  app: Application;
  request?: string;
  length: string | undefined;
  body: string;
  closed?: boolean;
  needs?: Capability[];
  covers?: string[];
  log?: RegExp;
}

const small = fileOf('small', 10);
const seekable: Making = () => createReadStream(small);
const handle: Making = () => openFile(small);
const TEN = 'small:smal';
/** No size, no close. */
const pipe: Making = () => {
  const like = new Like(TEN);
  return { read: (size: number) => like.read(size) };
};

// biome-ignore format: one row each
const table: Sent[] = [
  { id: 'E-085', name: 'sends a file with its length', app: wrapped(seekable, plain(10)), length: '10', body: TEN, covers: ['A-198'] },
  { id: 'E-086', name: 'computes the length of a file', app: wrapped(seekable), length: '10', body: TEN, covers: ['A-199'] },
  { id: 'E-086.handle', name: 'computes the length of a file given as a handle', app: wrapped(handle), length: '10', body: TEN, covers: ['A-199'] },
  { id: 'E-087', name: 'sends one byte of a file when that is the Content-Length', app: wrapped(seekable, plain(1)), length: '1', body: 's', covers: ['A-198'] },
  { id: 'E-088', name: 'corrects a Content-Length beyond the end of the file', app: wrapped(seekable, plain(20)), length: '10', body: TEN, covers: ['A-200'] },
  { id: 'E-089', name: 'sends what can only be read, with its length', app: wrapped(pipe, plain(10)), length: '10', body: TEN, covers: ['A-195'] },
  { id: 'E-090', name: 'sends what can only be read in chunks', app: wrapped(pipe), length: undefined, body: TEN, covers: ['A-195'] },
  { id: 'A-198.short', name: 'ends what can only be read at its Content-Length', app: wrapped(pipe, plain(3)), length: '3', body: 'sma' },
  { id: 'E-091', name: 'closes after what can only be read and ends short of its Content-Length', app: wrapped(pipe, plain(20)), length: '20', body: TEN, closed: true, needs: ['cuts'], covers: ['A-200'], log: /10 bytes short/ },
  { id: 'E-092.length', name: 'sends a file with its length to HTTP/1.0', app: wrapped(seekable), request: get10('/', KEEP_ALIVE), length: '10', body: TEN, needs: ['http10'] },
  { id: 'E-092.none', name: 'closes after what can only be read, on HTTP/1.0', app: wrapped(pipe), request: get10('/', KEEP_ALIVE), length: undefined, body: TEN, closed: true, needs: ['http10'] },
  { id: 'A-197', name: 'starts at the position of the file', app: wrapped(async () => {
      const file = await openFile(small);
      await file.read(Buffer.alloc(3), 0, 3, null);
      return file;
    }), length: '7', body: 'll:smal', covers: ['A-199'] },
  { id: 'A-197.start', name: 'starts at the start of a read stream', app: wrapped(() => createReadStream(small, { start: 3, end: 6 })), length: '4', body: 'll:s' },
  { id: 'E-007', name: 'sends a file of 2898 bytes', app: wrapped(() => createReadStream(fileOf('face.jpg', 2898)), [['Content-Type', 'image/jpeg'], ['Content-Length', '2898']]), request: get('/foo.jpg'), length: '2898', body: contentOf('face.jpg', 2898).toString() },
  { id: 'E-026', name: 'sends a file that it can find by its path', app: wrapped(() => createReadStream(fileOf('face.jpg', 2898))), request: get('/foo.jpg'), length: '2898', body: contentOf('face.jpg', 2898).toString() },
  { id: 'E-008', name: 'sends a file of 14750 bytes', app: wrapped(() => openFile(fileOf('bridge.jpg', 14750)), plain(14750)), request: get('/baybridge.jpg'), length: '14750', body: contentOf('bridge.jpg', 14750).toString() },
  { id: 'A-194.large', name: 'sends a file of several blocks', app: wrapped(() => openFile(fileOf('large', 1_000_000))), length: '1000000', body: contentOf('large', 1_000_000).toString() },
];

// biome-ignore format: one row each
const bodilessCases: [id: string, what: string, request: string, status: string, headers: HeaderList, length: string | undefined][] = [
  ['A-201.head', 'HEAD', head(), '200 OK', PLAIN, '10'],
  ['A-201.204', 'a 204', get(), '204 No Content', [], undefined],
  ['A-201.304', 'a 304', get(), '304 Not Modified', [], undefined],
];

export const files: Scenario[] = [
  ...table.map(
    ({
      id,
      name,
      app,
      request = get(),
      length,
      body: expected,
      closed,
      needs = [],
      covers = [],
      log: line,
    }) =>
      scenario({
        id,
        name,
        covers,
        needs,
        app: () => app,
        request,
        connection: closed ? 'closed' : 'kept',
        check: ({ first, body, log }) => {
          assert.equal(first.status, 200);
          assert.equal(first.headers['content-length'], length);
          assert.equal(body, expected);
          if (line === undefined) log.isSilent();
          else log.says(line);
        },
      }),
  ),
  ...bodilessCases.map(([id, what, request, status, headers, length]) =>
    scenario({
      id,
      name: `sends nothing of a file in ${what}, and closes it`,
      covers: ['A-063', 'E-173'],
      needs: ['exact-head'],
      record: () => ({ file: new Like(''), closed: 0 }),
      app: (seen) => async (environ, start_response) => {
        start_response(status, headers);
        const stream = createReadStream(small).once('close', () => void seen.closed++);
        return environ['wsgi.file_wrapper'](stream);
      },
      request,
      check: async ({ first, raw, log }, seen) => {
        assert.equal(first.headers['content-length'], length);
        assert.match(raw.toString(), /^(.+\r\n)+\r\n$/);
        await eventually(() => seen.closed === 1, 'the file to be closed');
        log.isSilent();
      },
    }),
  ),
  ...bodilessCases.map(([, what, request, status, headers]) =>
    scenario({
      id: `E-173.${what.replaceAll(' ', '-')}`,
      name: `sends an empty file in ${what} without a warning`,
      needs: ['exact-head'],
      record: () => ({ closed: 0 }),
      app: (seen) => {
        const close = () => void seen.closed++;
        return wrapped(() => Object.assign(new Like(''), { close }), headers, status);
      },
      request,
      check: ({ raw, log }, seen) => {
        assert.match(raw.toString(), /^(.+\r\n)+\r\n$/);
        assert.equal(seen.closed, 1);
        log.isSilent();
      },
    }),
  ),
  scenario({
    id: 'A-191',
    name: 'reads nothing of a file before it is returned, and nothing of one that is not',
    record: () => ({ file: new Like('unused'), early: -1 }),
    app: (seen) => async (environ, start_response) => {
      const used = new Like('used');
      environ['wsgi.file_wrapper'](seen.file);
      const body = environ['wsgi.file_wrapper'](used);
      start_response('200 OK', PLAIN);
      await aWhile(10);
      seen.early = used.reads.length;
      return body;
    },
    check: ({ body }, seen) => {
      assert.equal(body, 'used');
      assert.equal(seen.early, 0);
      assert.deepEqual(seen.file.reads, []);
    },
  }),
  scenario({
    id: 'A-192',
    name: 'iterates a wrapper inside a middleware as any body',
    covers: ['A-194'],
    app: () => (environ, start_response) => {
      start_response('200 OK', PLAIN);
      const inner = environ['wsgi.file_wrapper'](new Like('x'.repeat(150)), 120) as Iterable<Uint8Array>;
      return (function* () {
        for (const block of inner) yield text(`[${block.length}]`);
      })();
    },
    check: ({ body }) => assert.equal(body, '[120][30]'),
  }),
  scenario({
    id: 'A-193',
    name: 'sends a file although the application took the wrapper out of environ',
    covers: ['A-196', 'A-004'],
    record: () => ({ file: new Like('content') }),
    app: (seen) => (environ, start_response) => {
      seen.file = new Like('content');
      start_response('200 OK', PLAIN);
      const wrap = environ['wsgi.file_wrapper'];
      Reflect.deleteProperty(environ, 'wsgi.file_wrapper');
      return wrap(seen.file);
    },
    check: ({ body }, seen) => {
      assert.equal(body, 'content');
      assert.equal(seen.file.closed, 1);
    },
  }),
  scenario({
    id: 'A-196',
    name: 'has close() when the file has, closes it once, and not when it has none',
    app: () => (environ, start_response) => {
      const wrap = environ['wsgi.file_wrapper'];
      const like = new Like('x');
      const closable = wrap(like);
      closable.close?.();
      closable.close?.();
      start_response('200 OK', PLAIN);
      return texts(`${typeof wrap({ read: () => null }).close} ${typeof closable.close} ${like.closed}`);
    },
    check: ({ body }) => assert.equal(body, 'undefined function 1'),
  }),
  scenario({
    id: 'A-063.file-error',
    name: 'closes a file whose read fails, and cuts the response off',
    covers: ['A-061', 'A-202'],
    needs: ['cuts'],
    record: () => ({ closed: 0 }),
    app: (seen) => (environ, start_response) => {
      start_response('200 OK', plain(10));
      let reads = 0;
      const file = {
        read() {
          if (++reads > 1) throw new Error('the disk is gone');
          return text('part');
        },
        close: () => void seen.closed++,
      };
      return environ['wsgi.file_wrapper'](file);
    },
    connection: 'closed',
    check: ({ first, body, log }, seen) => {
      assert.equal(first.complete, false);
      assert.equal(body, 'part');
      assert.equal(seen.closed, 1);
      log.says(/the disk is gone/);
    },
  }),
  scenario({
    id: 'A-063.file-reset',
    name: 'closes a file whose client left, once the read under way is over',
    covers: ['A-062'],
    needs: ['abort'],
    record: () => ({ log: [] as string[], left: gate(), gate: gate(), second: gate() }),
    app: (seen) => (environ, start_response) => {
      hearLeaving(environ, seen.left);
      start_response('200 OK', PLAIN);
      const file: FileLike = {
        async read() {
          seen.log.push('read');
          if (seen.log.length === 2) {
            seen.second.open();
            await seen.gate;
          }
          return text('block');
        },
        close: () => void seen.log.push('close'),
      };
      return environ['wsgi.file_wrapper'](file) as Body;
    },
    play: async ({ open, seen, log }) => {
      const wire = await open();
      wire.send(get());
      await wire.got('block');
      await seen.second;
      wire.reset();
      await untilLeft(seen.left);
      seen.gate.open();
      await eventually(() => seen.log.includes('close'), 'close()');
      assert.deepEqual(seen.log, ['read', 'read', 'close']);
      log.isSilent();
    },
  }),
  scenario({
    id: 'E-006',
    name: 'sends a file that is itself the iterable',
    app: () => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      return createReadStream(small) as unknown as Body;
    },
    check: ({ body }) => assert.equal(body, TEN),
  }),
];
