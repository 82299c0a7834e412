/** A6: Content-Length and framing. */
import assert from 'node:assert/strict';
import type { Application, HeaderList } from '../../environ/types.js';
import { answer, generate, get, get10, KEEP_ALIVE, PLAIN, plain, text, texts } from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

/** A body that says how many items it has, truly or not. */
function claims(length: number, items: string[], headers: HeaderList = PLAIN): Application {
  return (_environ, start_response) => {
    start_response('200 OK', headers);
    return Object.assign(new Set(texts(...items)), { length });
  };
}

interface Framed {
  id: string;
  name: string;
  app: Application;
  request?: string;
  /** Content-Length on the wire, or none. */
  length: string | undefined;
  body: string;
  closed?: boolean;
  chunked?: boolean;
  covers?: string[];
  log?: RegExp;
}

const generator1 = generate(['0123456789', '0123456789']);
const declared = (length: number | string, ...items: string[]) => answer(items, plain(length));

// biome-ignore format: one row each
const table: Framed[] = [
  { id: 'E-064', name: 'infers the length of a list of one, on HTTP/1.0', app: answer(['hello']), request: get10('/', KEEP_ALIVE), length: '5', body: 'hello', covers: ['A-086'] },
  { id: 'E-065', name: 'closes after a list of two, on HTTP/1.0', app: answer(['he', 'llo']), request: get10('/', KEEP_ALIVE), length: undefined, body: 'hello', closed: true, covers: ['A-087', 'A-092'] },
  { id: 'E-063', name: 'closes after a generator, on HTTP/1.0', app: generator1, request: get10('/', KEEP_ALIVE), length: undefined, body: '01234567890123456789', closed: true, covers: ['A-092', 'A-095'] },
  { id: 'E-066', name: 'sends a generator in chunks, and keeps the connection', app: generator1, length: undefined, body: '01234567890123456789', chunked: true, covers: ['A-097', 'A-087', 'A-094'] },
  { id: 'E-067', name: 'infers the length of a list of one', app: answer(['hello']), length: '5', body: 'hello', covers: ['A-086', 'A-094'] },
  { id: 'E-068', name: 'sends a list of two in two chunks', app: answer(['he', 'llo']), length: undefined, body: 'hello', chunked: true, covers: ['A-087', 'A-090'] },
  { id: 'E-132', name: 'infers the length of an object that has one item and says so', app: claims(1, ['hello']), length: '5', body: 'hello', covers: ['A-074'] },
  { id: 'A-087.two', name: 'infers nothing from an object with two items', app: claims(2, ['he', 'llo']), length: undefined, body: 'hello', chunked: true },
  { id: 'A-087.odd', name: 'infers nothing from a length that is none', app: claims(-1, ['hello']), length: undefined, body: 'hello', chunked: true },
  { id: 'A-088', name: 'infers the length 0 of a list of one empty item', app: answer(['']), length: '0', body: '' },
  { id: 'E-113', name: 'infers the length 0 of an empty list', app: answer([]), length: '0', body: '', covers: ['A-089', 'A-010', 'A-033'] },
  { id: 'A-089', name: 'infers the length 0 of a generator that gave nothing but empty items', app: generate(['', '']), length: '0', body: '' },
  { id: 'E-133', name: 'leaves a Content-Length of the application as it is', app: declared('05', 'hello'), length: '05', body: 'hello', covers: ['A-080'] },
  { id: 'A-080.several', name: 'takes a Content-Length for several items', app: declared(5, 'he', '', 'llo'), length: '5', body: 'hello', covers: ['A-094'] },
  { id: 'A-035', name: 'takes a Content-Length of 0', app: declared(0), length: '0', body: '' },
  { id: 'E-061', name: 'closes after a body shorter than its Content-Length', app: declared(10, '012345678'), request: get10('/', KEEP_ALIVE), length: '10', body: '012345678', closed: true, covers: ['A-083', 'A-084'], log: /1 bytes short/ },
  { id: 'E-062', name: 'cuts a body longer than its Content-Length, and keeps the connection', app: declared(8, '012345678'), request: get10('/', KEEP_ALIVE), length: '8', body: '01234567', covers: ['A-081'], log: /longer than its Content-Length of 8/ },
  { id: 'E-203', name: 'closes after a body shorter than its Content-Length, on HTTP/1.1', app: declared(10, 'abc'), length: '10', body: 'abc', closed: true, covers: ['A-083', 'A-084', 'A-236'], log: /7 bytes short/ },
  { id: 'A-083.empty', name: 'closes when nothing came of a declared body', app: declared(3), length: '3', body: '', closed: true, covers: ['A-084'], log: /3 bytes short/ },
  { id: 'E-202', name: 'cuts a body at its Content-Length inside an item, and keeps the connection', app: declared(5, 'abc', 'defgh', 'ijk'), length: '5', body: 'abcde', covers: ['A-081'], log: /longer than its Content-Length of 5/ },
  { id: 'A-081.zero', name: 'sends nothing of a body under a Content-Length of 0', app: declared(0, 'abc'), length: '0', body: '', covers: ['E-082'], log: /longer than its Content-Length of 0/ },
  { id: 'A-074.short', name: 'closes after a body that claimed an item and has none', app: claims(1, []), length: '0', body: '' },
];

export const framing: Scenario[] = [
  ...table.map(
    ({ id, name, app, request = get(), length, body: expected, closed, chunked, covers = [], log: line }) =>
      scenario({
        id,
        name,
        covers,
        needs: [
          ...(request.includes('HTTP/1.0') ? (['http10'] as const) : []),
          ...(closed && line !== undefined ? (['cuts'] as const) : []),
        ],
        app: () => app,
        request,
        connection: closed ? 'closed' : 'kept',
        check: ({ first, body, log, can }) => {
          assert.equal(first.status, 200);
          if (length !== undefined || can('framing')) {
            assert.equal(first.headers['content-length'], length);
            assert.equal(first.headers['transfer-encoding'], chunked ? 'chunked' : undefined);
          }
          if (length === undefined) assert.equal(first.complete, true);
          assert.equal(body, expected);
          if (line === undefined) log.isSilent();
          else log.saysTimes(line, 1);
        },
      }),
  ),
  scenario({
    id: 'E-204',
    name: 'sends no surplus of a body that claimed one item and has two',
    covers: ['A-074'],
    needs: ['cuts'],
    app: () => claims(1, ['he', 'llo']),
    connection: 'closed',
    check: ({ first, raw, log }) => {
      assert.equal(first.headers['content-length'], '2');
      assert.match(raw.toString(), /\r\n\r\nhe$/);
      log.says(/longer than its Content-Length/);
    },
  }),
  scenario({
    id: 'A-082',
    name: 'asks for no item after the one that completes the Content-Length',
    record: () => ({ log: [] as string[] }),
    app: (seen) => (_environ, start_response) => {
      seen.log = [];
      start_response('200 OK', plain(5));
      return (function* () {
        try {
          seen.log.push('first');
          yield text('he');
          seen.log.push('second');
          yield text('llo');
          seen.log.push('third');
          yield text('never');
        } finally {
          seen.log.push('finally');
        }
      })();
    },
    check: ({ body, log }, seen) => {
      assert.equal(body, 'hello');
      assert.deepEqual(seen.log, ['first', 'second', 'finally']);
      log.isSilent();
    },
  }),
  scenario({
    id: 'E-111',
    name: 'counts bytes, not characters',
    app: () => (_environ, start_response) => {
      start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
      return [Buffer.from('абвг')];
    },
    check: ({ first }) => {
      assert.equal(first.headers['content-length'], '8');
      assert.equal(first.body.toString(), 'абвг');
    },
  }),
  scenario({
    id: 'A-098',
    name: 'has a status line of HTTP/1.0 or 1.1, whatever the request says',
    needs: ['raw-http', 'http10'],
    app: () => answer(['ok']),
    request: get10(),
    connection: 'closed',
    check: ({ raw }) => assert.match(raw.toString(), /^HTTP\/1\.[01] 200 OK\r\n/),
  }),
  ...['abc', '-1', '+5', '5.0', '0x5', '', '5 5', '5, 5', '99999999999999999999'].map((value) =>
    scenario({
      id: `A-080.${JSON.stringify(value)}`,
      name: `refuses the Content-Length ${JSON.stringify(value)} of an application`,
      app: () => answer(['hello'], plain(value)),
      connection: 'closed',
      check: ({ first, log }) => {
        assert.equal(first.status, 500);
        log.says(/The header Content-Length must be a number of bytes/);
      },
    }),
  ),
  scenario({
    id: 'A-080.twice',
    name: 'refuses a second Content-Length of an application, even the same',
    app: () => answer(['hello'], [...plain(5), ['content-length', '5']]),
    connection: 'closed',
    check: ({ first, log }) => {
      assert.equal(first.status, 500);
      log.says(/Content-Length appears more than once/);
    },
  }),
];
