/** A16: what is not a request never reaches the application. */
import assert from 'node:assert/strict';
import type { ServerOptions } from '../../server/options/options.js';
import { answer, get, message } from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

interface Refused {
  id: string;
  what: string;
  request: string;
  status: number | number[];
  options?: ServerOptions;
  covers?: string[];
}

const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`;
const field = (text: string) => lines('GET / HTTP/1.1', 'Host: h', text);
const body = (...fields: string[]) => message('POST / HTTP/1.1', ['Host: h', ...fields], 'abc');
const chunked = (...fields: string[]) =>
  message('POST / HTTP/1.1', ['Host: h', ...fields], '3\r\nabc\r\n0\r\n\r\n');

// biome-ignore format: one row each
const refused: Refused[] = [
  { id: 'E-214', what: 'HTTP/1.1 without Host', request: lines('GET / HTTP/1.1', 'X-A: 1'), status: 400, covers: ['A-270'] },
  { id: 'E-213', what: 'two Hosts', request: field('Host: other'), status: 400, covers: ['A-271'] },
  { id: 'A-271.same', what: 'the same Host twice', request: field('Host: h'), status: 400 },
  { id: 'A-272', what: 'white space in front of a colon', request: field('X-A : 1'), status: 400 },
  { id: 'E-167', what: 'a folded header', request: field('X-A: 1\r\n 2\r\n\t3'), status: 400, covers: ['A-273'] },
  { id: 'E-041', what: 'white space in front of the first header', request: lines('GET / HTTP/1.1', ' Host: h'), status: 400 },
  { id: 'A-274.cr', what: 'a bare CR in a value', request: field('X-A: 1\r2'), status: 400 },
  { id: 'A-274.nul', what: 'NUL in a value', request: field('X-A: 1\x002'), status: 400 },
  { id: 'A-274.ctl', what: 'a control character in a value', request: field('X-A: 1\x012'), status: 400 },
  { id: 'A-274.del', what: 'DEL in a value', request: field('X-A: 1\x7f2'), status: 400 },
  { id: 'A-274.line', what: 'a bare CR in the request line', request: lines('GET /\rx HTTP/1.1', 'Host: h'), status: 400 },
  { id: 'A-274.target', what: 'NUL in the target', request: lines('GET /\0 HTTP/1.1', 'Host: h'), status: 400 },
  ...['+3', '-1', '3,3', '0x3', '3 4', '3.0', 'abc', ''].map((value) => ({
    id: `A-275.${JSON.stringify(value)}`, what: `the Content-Length ${JSON.stringify(value)}`, request: body(`Content-Length: ${value}`), status: 400,
  })),
  { id: 'A-276', what: 'two different Content-Lengths', request: body('Content-Length: 3', 'Content-Length: 4'), status: 400 },
  { id: 'A-276.same', what: 'the same Content-Length twice', request: body('Content-Length: 3', 'Content-Length: 3'), status: 400 },
  { id: 'E-212', what: 'Content-Length with Transfer-Encoding', request: chunked('Content-Length: 13', 'Transfer-Encoding: chunked'), status: 400, covers: ['A-277'] },
  { id: 'A-277.after', what: 'Transfer-Encoding with Content-Length', request: chunked('Transfer-Encoding: chunked', 'Content-Length: 13'), status: 400 },
  { id: 'E-169', what: 'a body in chunks with a Content-Length that is none', request: chunked('Transfer-Encoding: chunked', 'Content-Length: invalid'), status: 400 },
  { id: 'E-211', what: 'the transfer coding gzip', request: body('Transfer-Encoding: gzip'), status: [400, 501], covers: ['A-278'] },
  { id: 'A-278.unknown', what: 'an unknown transfer coding', request: chunked('Transfer-Encoding: xchunked'), status: [400, 501] },
  { id: 'A-278.gzip', what: 'gzip under chunked', request: chunked('Transfer-Encoding: gzip, chunked'), status: [400, 501], covers: ['A-278'] },
  { id: 'A-279.twice', what: 'chunked twice', request: chunked('Transfer-Encoding: chunked, chunked'), status: [400, 501] },
  { id: 'A-279.first', what: 'chunked that is not last', request: chunked('Transfer-Encoding: chunked, gzip'), status: [400, 501] },
  { id: 'A-279.identity', what: 'identity over chunked', request: chunked('Transfer-Encoding: chunked, identity'), status: [400, 501] },
  { id: 'A-280', what: 'Transfer-Encoding in HTTP/1.0', request: chunked('Transfer-Encoding: chunked').replace('HTTP/1.1', 'HTTP/1.0'), status: 400 },
  { id: 'E-107', what: 'a target that is not ASCII', request: lines('GET /\x80%80 HTTP/1.1', 'Host: h'), status: 400 },
  { id: 'A-284.star', what: 'the target * with GET', request: lines('GET * HTTP/1.1', 'Host: h'), status: 400 },
  { id: 'A-284.authority', what: 'an authority for target with GET', request: lines('GET example.com:80 HTTP/1.1', 'Host: example.com'), status: 400 },
  { id: 'A-289.lower', what: 'a method in lower case', request: lines('get / HTTP/1.1', 'Host: h'), status: 400 },
  { id: 'A-289.token', what: 'a method that is not a token', request: lines('G(T / HTTP/1.1', 'Host: h'), status: 400 },
  { id: 'A-290.two', what: 'HTTP/2.0', request: lines('GET / HTTP/2.0', 'Host: h'), status: [400, 505] },
  { id: 'A-290.none', what: 'a request line without a version', request: lines('GET /', 'Host: h'), status: [400, 505] },
  { id: 'A-290.other', what: 'another protocol', request: lines('GET / FTP/1.1', 'Host: h'), status: [400, 505] },
  { id: 'E-102', what: 'a request line of 70000 bytes', request: get(`/${'x'.repeat(70_000)}`), status: 414, covers: ['A-291'] },
  { id: 'A-291.line', what: 'a request line over the limit', request: get(`/${'x'.repeat(100)}`), status: 414, options: { limitRequestLine: 100 } },
  { id: 'E-073', what: 'a header block over the limit', request: get('/', `X-A: ${'x'.repeat(1500)}`), status: 431, options: { limitRequestHead: 1000 }, covers: ['A-291'] },
  { id: 'A-291.field', what: 'a header over the limit', request: get('/', `X-A: ${'x'.repeat(200)}`), status: 431, options: { limitRequestFieldSize: 100 } },
  { id: 'A-291.fields', what: 'more headers than the limit', request: get('/', 'X-A: 1', 'X-B: 2', 'X-C: 3'), status: 431, options: { limitRequestFields: 3 } },
  { id: 'E-170', what: 'the hello of a TLS client', request: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03TLS', status: 400 },
];

export const parsing: Scenario[] = [
  ...refused.map(({ id, what, request, status, options, covers = [] }) =>
    scenario({
      id,
      name: `refuses ${what}`,
      covers: ['A-236', 'A-241', ...covers],
      needs: ['raw-http'],
      ...(options === undefined ? {} : { options }),
      record: () => ({ calls: 0 }),
      app: (seen) => (environ, start_response) => {
        seen.calls++;
        return answer(['served'])(environ, start_response);
      },
      // What follows is not taken for a request either.
      request: Buffer.from(request + (id === 'E-170' ? '' : get('/after')), 'latin1'),
      responses: 1,
      connection: 'closed',
      check: ({ first, raw, log }, seen) => {
        assert.ok(Array.isArray(status) ? status : [status].includes(first.status));
        assert.equal(first.headers['connection'], 'close');
        assert.ok('date' in first.headers);
        assert.equal(first.headers['content-length'], String(first.body.length));
        assert.equal(first.complete, true);
        assert.equal(raw.toString().match(/HTTP\/1\.1 \d/g)?.length, 1);
        assert.equal(seen.calls, 0);
        log.isSilent();
      },
    }),
  ),
  scenario({
    id: 'A-135',
    name: 'puts Date and Server on its own answer to what is not a request',
    needs: ['raw-http'],
    app: () => answer(['served']),
    request: 'nonsense\r\n\r\n',
    connection: 'closed',
    check: ({ first }) => {
      assert.equal(first.status, 400);
      assert.match(first.headers['date'] ?? '', / GMT$/);
      assert.equal(first.headers['server'], 'wsgi');
      assert.match(first.headers['content-type'] ?? '', /^text\/plain/);
    },
  }),
  scenario({
    id: 'A-270.http10',
    name: 'serves HTTP/1.0 without Host',
    needs: ['raw-http', 'http10'],
    app: () => answer(['served']),
    request: lines('GET / HTTP/1.0', 'X-A: 1'),
    connection: 'closed',
    check: ({ first }) => assert.equal(first.status, 200),
  }),
  scenario({
    id: 'A-292',
    name: 'ignores empty lines in front of a request',
    needs: ['raw-http'],
    app: () => answer(['served']),
    request: Buffer.from(`\r\n\r\n${get()}`),
    check: ({ body: served }) => assert.equal(served, 'served'),
  }),
  scenario({
    id: 'A-241',
    name: 'answers what came well before it refuses what came badly, once',
    covers: ['A-232'],
    needs: ['raw-http'],
    app: () => answer(['served']),
    request: Buffer.from(`${get('/1')}${get('/2')}${lines('GET / HTTP/1.1', 'Host : h')}${get('/3')}`),
    responses: 3,
    connection: 'closed',
    check: ({ responses }) =>
      assert.deepEqual(
        responses.map(({ status }) => status),
        [200, 200, 400],
      ),
  }),
];
