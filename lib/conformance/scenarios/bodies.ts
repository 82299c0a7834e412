/** Request bodies: of all sizes, over limits, unread, malformed. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { parseForm } from '../../environ/form/form.js';
import type { Application } from '../../environ/types.js';
import {
  answer,
  CLOSE,
  echo,
  get,
  get10,
  inChunks,
  KEEP_ALIVE,
  message,
  PLAIN,
  post,
  postChunks,
  report,
  texts,
} from '../messages.js';
import { type Capability, type Scenario, scenario } from '../scenario.js';

const FORM = 'Content-Type: application/x-www-form-urlencoded';
const ok = answer(['ok']);
const big = 'abcdefgh'.repeat(12000);

/** Reads in pieces, up to CONTENT_LENGTH bytes. */
const digest: Application = async (environ, start_response) => {
  const hash = createHash('md5');
  let left = Number(environ.CONTENT_LENGTH);
  while (left > 0) {
    const block = await environ['wsgi.input'].read(Math.min(left, 8192));
    if (block.length === 0) throw new Error('the body ended early');
    left -= block.length;
    hash.update(block);
  }
  start_response('200 OK', [['Client-Content-Length', environ.CONTENT_LENGTH ?? '']]);
  return texts(hash.digest('hex'));
};

const form: Application = async (environ, start_response) => {
  const { fields, files } = await parseForm(environ, { maxTotalFieldSize: 1000, maxParts: 3 });
  start_response('200 OK', PLAIN);
  return texts(`${[...fields.keys()].length} ${[...files.keys()].length}`);
};

function parts(count: number): string {
  const one = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n';
  return `${one.repeat(count)}--b--\r\n`;
}

/** Malformed chunks: the application reads, and is told; nothing after them is served. */
const broken: [id: string, what: string, body: string, covers?: string[]][] = [
  ['E-049', 'garbage after a chunk', '5\r\nhello\r\ngarbage\r\n', ['A-167', 'A-281']],
  ['E-050', 'a chunk size that starts with 0x', '0x5\r\nhello\r\n0\r\n\r\n', ['A-281']],
  ['E-052', 'a chunk without CRLF after it', '5\r\nhello0\r\n\r\n', ['A-282']],
  ['A-281.plus', 'a chunk size with a sign', '+5\r\nhello\r\n0\r\n\r\n'],
  ['A-281.minus', 'a negative chunk size', '-5\r\nhello\r\n0\r\n\r\n'],
  ['A-281.space', 'a chunk size after a space', ' 5\r\nhello\r\n0\r\n\r\n'],
  ['A-281.empty', 'an empty chunk size', '\r\nhello\r\n0\r\n\r\n'],
  ['A-282.long', 'a chunk longer than its size', '4\r\nhello\r\n0\r\n\r\n'],
];

interface Limited {
  id: string;
  name: string;
  limit: number;
  request: string;
  app?: Application;
  covers?: string[];
}

// biome-ignore format: one row each
const limited: Limited[] = [
  { id: 'E-078', name: 'refuses a body in chunks over the limit', limit: 1000, request: postChunks(Array(12).fill('x'.repeat(100))), app: echo, covers: ['A-166', 'A-236'] },
  { id: 'E-079', name: 'refuses a Content-Length over the limit, before the body comes', limit: 2, request: message('POST / HTTP/1.1', ['Host: h', 'Content-Length: 10']), covers: ['A-166', 'A-236'] },
  { id: 'A-235', name: 'lets the client read a 413 although it sent much more', limit: 10, request: post('x'.repeat(3_000_000)) },
];

export const bodies: Scenario[] = [
  scenario({
    id: 'E-003',
    name: 'reads a form by its CONTENT_LENGTH',
    app: () => async (environ, start_response) => {
      const body = await environ['wsgi.input'].read(Number(environ.CONTENT_LENGTH));
      start_response('200 OK', [
        ['Client-Content-Length', environ.CONTENT_LENGTH ?? ''],
        ['Client-Content-Type', environ.CONTENT_TYPE ?? ''],
      ]);
      return texts(`Hello, ${body}`);
    },
    request: post('name=tatsuhiko', FORM),
    check: ({ first, body }) => {
      assert.equal(first.headers['client-content-length'], '14');
      assert.equal(first.headers['client-content-type'], 'application/x-www-form-urlencoded');
      assert.equal(body, 'Hello, name=tatsuhiko');
    },
  }),
  scenario({
    id: 'E-004',
    name: 'reads a big body in pieces',
    app: () => digest,
    request: post(big),
    check: ({ first, body }) => {
      assert.equal(first.headers['client-content-length'], '96000');
      assert.equal(body, createHash('md5').update(big).digest('hex'));
    },
  }),
  ...[1024, 65536, 1_000_001].map((size) =>
    scenario({
      id: `E-045.${size}`,
      name: `echoes a body of ${size} bytes`,
      app: () => echo,
      request: post('x'.repeat(size)),
      check: ({ first }) => {
        assert.equal(first.headers['content-length'], String(size));
        assert.equal(first.body.equals(Buffer.alloc(size, 'x')), true);
      },
    }),
  ),
  scenario({
    id: 'E-048',
    name: 'reads twelve chunks',
    covers: ['A-163', 'A-164'],
    app: () =>
      report(async (environ) => [
        environ.CONTENT_LENGTH ?? null,
        environ['wsgi.input_terminated'],
        'HTTP_TRANSFER_ENCODING' in environ,
        (await environ['wsgi.input'].read()).toString(),
      ]),
    request: postChunks(Array(12).fill('This string has 32 characters.\r\n')),
    check: ({ json }) => {
      assert.deepEqual(json, [null, true, false, 'This string has 32 characters.\r\n'.repeat(12)]);
    },
  }),
  scenario({
    id: 'E-033',
    name: 'gives a whole text to a helper that reads all',
    app: () => echo,
    request: post('body', 'Content-Type: text/plain'),
    check: ({ body }) => assert.equal(body, 'body'),
  }),
  scenario({
    id: 'E-051',
    // waitress refuses the second; llhttp, which parses for Node, takes it, and does not tell what it was.
    name: 'throws chunk extensions away, without a value too',
    covers: ['A-282'],
    needs: ['raw-http'],
    app: () => echo,
    request: message(
      'POST / HTTP/1.1',
      ['Host: h', 'Transfer-Encoding: chunked'],
      '2;a=b\r\nhe\r\n3;invalid=\r\nllo\r\n0\r\n\r\n',
    ),
    check: ({ first, body }) => {
      assert.equal(first.status, 200);
      assert.equal(body, 'hello');
    },
  }),
  ...broken.map(([id, what, chunks, covers = []]) =>
    scenario({
      id,
      name: `refuses ${what}`,
      covers: ['A-167', 'A-236', ...covers],
      needs: ['raw-http'],
      record: () => ({ bodies: [] as string[] }),
      app: (seen) => async (environ, start_response) => {
        seen.bodies.push((await environ['wsgi.input'].read()).toString());
        start_response('200 OK', PLAIN);
        return texts('took it');
      },
      request: message('POST / HTTP/1.1', ['Host: h', 'Transfer-Encoding: chunked'], chunks) + get('/next'),
      connection: 'closed',
      check: ({ first, body, log }, seen) => {
        assert.equal(first.status, 400);
        assert.equal(first.headers['connection'], 'close');
        assert.equal(first.headers['content-length'], String(body.length));
        assert.ok('date' in first.headers);
        assert.deepEqual(seen.bodies, []);
        log.isSilent();
      },
    }),
  ),
  ...limited.map(({ id, name, limit, request, app = ok, covers = [] }) =>
    scenario({
      id,
      name,
      covers,
      needs: ['raw-http'],
      options: { limitRequestBody: limit },
      app: () => app,
      request,
      connection: 'closed',
      check: ({ first, log }) => {
        assert.equal(first.status, 413);
        assert.equal(first.complete, true);
        assert.equal(first.headers['connection'], 'close');
        log.isSilent();
      },
    }),
  ),
  ...(
    [
      ['E-185', 'a form over its limit', post(`a=${'x'.repeat(2000)}`, FORM)],
      ['E-186', 'a form of too many parts', post(parts(4), 'Content-Type: multipart/form-data; boundary=b')],
    ] as const
  ).map(([id, what, request]) =>
    scenario({
      id,
      name: `answers 413 to ${what}`,
      app: () => form,
      request,
      connection: 'closed',
      check: ({ first, log }) => {
        assert.equal(first.status, 413);
        log.isSilent();
      },
    }),
  ),
  ...unread(),
];

/** what the application leaves unread is never taken for a request. */
function unread(): Scenario[] {
  const fake = 'GET /env HTTP/1.1\r\nHost: h\r\n\r\n';
  const paths: Application = (environ, start_response) => {
    start_response('200 OK', [['X-Path', environ.PATH_INFO]]);
    return texts('ok');
  };
  const kept = (id: string, name: string, request: string, covers: string[] = []) =>
    scenario({
      id,
      name,
      covers: ['A-234', ...covers],
      needs: ['raw-http'],
      app: () => paths,
      request: [request, get('/next')],
      check: ({ responses }) => {
        assert.deepEqual(
          responses.map(({ headers }) => headers['x-path']),
          ['/', '/next'],
        );
      },
    });
  const extra = (id: string, name: string, request: string, statuses: number[], needs: Capability[] = []) =>
    scenario({
      id,
      name,
      covers: ['A-241'],
      needs: ['raw-http', ...needs],
      app: () => ok,
      request,
      responses: statuses.length,
      connection: 'closed',
      check: ({ responses }) =>
        assert.deepEqual(
          responses.map(({ status }) => status),
          statuses,
        ),
    });
  const junk = 'x'.repeat(1045);
  // biome-ignore format: one row each
  return [
    kept('E-208', 'takes nothing of an unread body for a request', post(fake)),
    kept('E-208.chunks', 'takes nothing of an unread body in chunks for a request', postChunks([fake, fake])),
    kept('E-178', 'throws away an unread body of 65536 bytes, and keeps the connection', post('x'.repeat(65536))),
    scenario({
      id: 'E-178.more',
      name: 'closes after an unread body of more than 65536 bytes',
      covers: ['A-234', 'A-235'],
      needs: ['raw-http'],
      app: () => paths,
      request: post('x'.repeat(65537)) + get('/never'),
      connection: 'closed',
      check: ({ first, raw }) => {
        assert.equal(first.status, 200);
        assert.equal(first.headers['connection'], 'close');
        assert.ok(!raw.toString().includes('/never'));
      },
    }),
    scenario({
      id: 'A-172',
      name: 'throws away an unread body although the application replaced wsgi.input',
      covers: ['A-234'],
      needs: ['raw-http'],
      app: () => (environ, start_response) => {
        environ['wsgi.input'] = null as never;
        return paths(environ, start_response);
      },
      request: [post(fake), get('/next')],
      check: ({ responses }) => {
        assert.deepEqual(responses.map(({ headers }) => headers['x-path']), ['/', '/next']);
      },
    }),
    scenario({
      id: 'E-179',
      name: 'closes when the rest of an unread body never comes',
      needs: ['raw-http', 'server'],
      options: { keepAlive: 0.3 },
      app: () => paths,
      request: message('POST / HTTP/1.1', ['Host: h', 'Content-Length: 100'], 'not all of it'),
      connection: 'closed',
      check: ({ first }) => assert.equal(first.status, 200),
    }),
    extra('E-074', 'serves nothing after the body of HTTP/1.0', `${get10('/', 'Content-Length: 5')}hello${junk}`, [200], ['http10']),
    extra('E-075', 'refuses what comes after the body of HTTP/1.0 with keep-alive', `${get10('/', 'Content-Length: 5', KEEP_ALIVE)}hello${junk}\r\n\r\n`, [200, 400], ['http10']),
    extra('E-076', 'takes a body without framing for a next request, and refuses it', `${get()}${junk}\r\n\r\n`, [200, 400]),
    extra('E-077', 'serves nothing after a request with close', get('/', CLOSE) + junk + get('/never'), [200]),
    extra('E-097', 'refuses a bad request once, and nothing after it', message('POST / HTTP/1.1', ['Host: h', 'Content-length: -1']) + get('/never'), [400]),
    extra('A-241.body', 'serves nothing after what was refused inside a body', message('POST / HTTP/1.1', ['Host: h', 'Transfer-Encoding: chunked'], `zz${inChunks(['a'])}`) + get('/never'), [200]),
  ];
}
