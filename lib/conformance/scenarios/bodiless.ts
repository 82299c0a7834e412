/** A9: HEAD, 204, 205, 304 and CONNECT. */
import assert from 'node:assert/strict';
import type { Application, HeaderList } from '../../environ/types.js';
import {
  answer,
  generate,
  get,
  get10,
  head,
  KEEP_ALIVE,
  lacks,
  message,
  PLAIN,
  plain,
  report,
  text,
  texts,
} from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

const WARNING = /has no body: what the application gave was dropped/;

/** Two blocks by write(), and what the list holds. */
function writesTwice(status: string, headers: HeaderList, ...items: string[]): Application {
  return (_environ, start_response) => {
    const write = start_response(status, headers);
    write(text('one'));
    write(text('two'));
    return texts(...items);
  };
}

interface Bodiless {
  id: string;
  name: string;
  app: Application;
  request?: string;
  status: number;
  length?: string | undefined;
  type?: string;
  /** Warnings about a body that was dropped. */
  warnings?: number;
  covers?: string[];
}

// biome-ignore format: one row each
const table: Bodiless[] = [
  { id: 'E-024', name: 'adds no entity header to a 304', app: answer([], [], '304 Not Modified'), status: 304, covers: ['A-142', 'A-093', 'E-134'] },
  { id: 'A-142.body', name: 'drops the body of a 304', app: answer(['x'], plain(1), '304 Not Modified'), status: 304, length: '1', type: 'text/plain', warnings: 1, covers: ['E-171'] },
  { id: 'E-134', name: 'infers no length for a 304', app: answer(['x'], [], '304 Not Modified'), status: 304, warnings: 1 },
  { id: 'E-201', name: 'removes body and length from a 204', app: answer(['body'], plain(4), '204 No Content'), status: 204, type: 'text/plain', warnings: 1, covers: ['A-141', 'A-093', 'E-171'] },
  { id: 'A-141.generator', name: 'removes the body of a generator from a 204', app: generate(['a', 'b'], [], '204 No Content'), status: 204, warnings: 1 },
  { id: 'A-141.empty', name: 'sends a 204 without length or chunks', app: answer([], [], '204 No Content'), status: 204, covers: ['A-093'] },
  { id: 'A-141.zero', name: 'removes a Content-Length of 0 from a 204', app: answer([], [['content-length', '0'], ['X-A', '1']], '204 No Content'), status: 204 },
  { id: 'A-143', name: 'sends a 205 with Content-Length 0 and no body', app: answer(['body'], plain(4), '205 Reset Content'), status: 205, length: '0', type: 'text/plain', warnings: 1 },
  { id: 'E-130', name: 'answers HEAD without the body, with its headers', app: answer(['foo'], plain(3)), request: head(), status: 200, length: '3', type: 'text/plain', covers: ['A-144', 'E-171'] },
  { id: 'A-144.generator', name: 'answers HEAD without the body of a generator', app: generate(['foo', 'bar']), request: head(), status: 200, type: 'text/plain' },
  { id: 'A-146', name: 'infers the length of a list of one for HEAD', app: answer(['foo']), request: head(), status: 200, length: '3', type: 'text/plain', covers: ['A-144'] },
  { id: 'A-146.empty', name: 'infers no length 0 for HEAD from an empty list', app: answer([]), request: head(), status: 200, type: 'text/plain' },
  { id: 'A-146.block', name: 'infers no length 0 for HEAD from a list of one empty block', app: answer(['']), request: head(), status: 200, type: 'text/plain' },
  { id: 'E-112', name: 'keeps the Content-Length of an answer to HEAD that has no body', app: answer([], plain(12345)), request: head(), status: 200, length: '12345', type: 'text/plain', covers: ['A-085'] },
  { id: 'A-085.304', name: 'keeps the connection after a 304 with a Content-Length', app: answer([], plain(9), '304 Not Modified'), status: 304, length: '9', type: 'text/plain', covers: ['A-142'] },
  { id: 'A-085.204', name: 'keeps the connection after a 204 with a Content-Length', app: answer([], plain(9), '204 No Content'), status: 204, type: 'text/plain' },
  { id: 'E-172', name: 'warns once of the body of a 204, written and returned', app: writesTwice('204 No Content', [], 'three', 'four'), status: 204, warnings: 1, covers: ['A-148', 'A-141'] },
  { id: 'A-148.written', name: 'warns once of the body of a 204 that was only written', app: writesTwice('204 No Content', []), status: 204, warnings: 1 },
  { id: 'A-148.304', name: 'warns once of the body of a 304, written and returned', app: writesTwice('304 Not Modified', [], 'three', 'four'), status: 304, warnings: 1 },
  { id: 'A-144.write', name: 'drops what is written for HEAD, without a warning', app: writesTwice('200 OK', plain(15)), request: head(), status: 200, length: '15', type: 'text/plain' },
];

export const bodiless: Scenario[] = [
  ...table.map(({ id, name, app, request = get(), status, length, type, warnings = 0, covers = [] }) =>
    scenario({
      id,
      name,
      covers,
      needs: ['exact-head', 'keep-alive'],
      app: () => app,
      request,
      check: ({ first, raw, log }) => {
        assert.equal(first.status, status);
        assert.equal(first.headers['content-length'], length);
        assert.equal(first.headers['content-type'], type);
        lacks(first.headers, 'transfer-encoding');
        assert.match(raw.toString(), /^[\s\S]*?\r\n\r\n$/, 'not a byte after the head');
        assert.match(raw.toString(), /^(.+\r\n)+\r\n$/, 'not a byte after the head');
        log.saysTimes(WARNING, warnings);
        if (warnings === 0) log.isSilent();
      },
    }),
  ),
  scenario({
    id: 'E-171',
    name: 'never frames a response in chunks that has no body, on HTTP/1.0 neither',
    needs: ['exact-head', 'http10', 'keep-alive'],
    app: () => answer([], plain(12)),
    request: message('HEAD / HTTP/1.0', [KEEP_ALIVE]),
    check: ({ first }) => {
      assert.equal(first.headers['content-length'], '12');
      lacks(first.headers, 'transfer-encoding');
    },
  }),
  scenario({
    id: 'A-093.http10',
    name: 'sends a 204 to HTTP/1.0',
    needs: ['exact-head', 'http10'],
    app: () => answer([], [], '204 No Content'),
    request: get10(),
    connection: 'closed',
    check: ({ first, raw }) => {
      lacks(first.headers, 'transfer-encoding', 'content-length');
      assert.match(raw.toString(), /\r\n\r\n$/);
    },
  }),
  scenario({
    id: 'E-200',
    name: 'leaves nothing of the body of HEAD for the response after it',
    covers: ['A-144'],
    needs: ['keep-alive'],
    app: () => answer(['not to be seen twice']),
    request: [head(), get()],
    check: ({ responses, raw }) => {
      assert.equal(responses[0]?.headers['content-length'], '20');
      assert.equal(responses[1]?.body.toString(), 'not to be seen twice');
      assert.equal(raw.toString().split('not to be seen twice').length, 2);
    },
  }),
  scenario({
    id: 'E-201.pipelined',
    name: 'leaves nothing of the body of a 204 for the response after it',
    needs: ['keep-alive'],
    app: () => (environ, start_response) =>
      answer(
        ['body'],
        PLAIN,
        environ.PATH_INFO === '/204' ? '204 No Content' : '200 OK',
      )(environ, start_response),
    request: [get('/204'), get('/200')],
    check: ({ responses }) => {
      assert.deepEqual(
        responses.map(({ status }) => status),
        [204, 200],
      );
      assert.equal(responses[1]?.body.toString(), 'body');
    },
  }),
  scenario({
    id: 'A-147',
    name: 'tells the application HEAD, not GET',
    app: () => (environ, start_response) => {
      start_response('200 OK', [['X-Method', environ.REQUEST_METHOD]]);
      return [];
    },
    request: head(),
    check: ({ first }) => assert.equal(first.headers['x-method'], 'HEAD'),
  }),
  ...['GET', 'QUERY', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'].map((method) =>
    scenario({
      id: `E-131.${method}`,
      name: `answers ${method} with the body`,
      needs: method === 'TRACE' || method === 'QUERY' ? ['raw-http'] : [],
      app: () => report((environ) => environ.REQUEST_METHOD),
      request: message(`${method} / HTTP/1.1`, ['Host: h', 'Content-Length: 0']),
      check: ({ first, json }) => {
        assert.equal(first.status, 200);
        assert.equal(json, method);
      },
    }),
  ),
  scenario({
    id: 'E-144',
    name: 'refuses CONNECT',
    covers: ['A-149', 'A-284'],
    needs: ['raw-http'],
    record: () => ({ calls: 0 }),
    app: (seen) => (environ, start_response) => {
      seen.calls++;
      return answer(['tunnel'])(environ, start_response);
    },
    request: message('CONNECT example.com:80 HTTP/1.1', ['Host: example.com:80']),
    connection: 'closed',
    check: ({ first }, seen) => {
      assert.equal(first.status, 501);
      assert.equal(first.headers['connection'], 'close');
      assert.equal(seen.calls, 0);
    },
  }),
];
