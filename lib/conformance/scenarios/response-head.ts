/** A7 and A8: status and headers, those of the application and those of the gateway. */
import assert from 'node:assert/strict';
import type { Application, HeaderList } from '../../environ/types.js';
import { answer, get, get10, lacks, nameOf, PLAIN, text, texts } from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

const DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

/** An answer with this status and these headers, whatever TypeScript says. */
function wrong(status: unknown, headers: unknown = PLAIN): Application {
  return answer(['body'], headers as HeaderList, status as string);
}

interface Refused {
  id: string;
  what: string;
  app: Application;
  /** What must not come out. */
  never?: RegExp;
  log: RegExp;
  covers?: string[];
}

const header = (name: unknown, value: unknown) => wrong('200 OK', [[name, value]]);

/** PEP 3333 "The start_response() Callable", RFC 9110 sections 5.1 and 5.5. */
// biome-ignore format: one row each
const refused: Refused[] = [
  { id: 'A-110', what: 'a number as status', app: wrong(200), log: /The status must be a string/ },
  { id: 'E-105.200', what: 'a status without a reason', app: wrong('200'), log: /has no space after the code/, covers: ['A-111'] },
  { id: 'E-105.20X', what: 'a status code with a letter', app: wrong('20X OK'), log: /code of three digits/, covers: ['A-111'] },
  { id: 'E-105.200OK', what: 'a status without a space', app: wrong('200OK'), log: /has no space after the code/, covers: ['A-111'] },
  { id: 'A-111.four', what: 'a status code of four digits', app: wrong('2000 OK'), log: /code of three digits/ },
  { id: 'A-111.empty', what: 'an empty status', app: wrong(''), log: /code of three digits/ },
  { id: 'A-113.end', what: 'a status with white space at its end', app: wrong('200 OK '), log: /white space/ },
  { id: 'A-113.start', what: 'a status with white space at its start', app: wrong(' 200 OK'), log: /code of three digits/ },
  { id: 'A-113.tab', what: 'a status with a tab', app: wrong('200 O\tK'), log: /cannot carry/ },
  { id: 'A-113.newline', what: 'a status with a newline at its end', app: wrong('200 OK\n'), log: /cannot carry/ },
  { id: 'E-193', what: 'a status that would inject a header', app: wrong('200 OK\r\nX-Injected: 1'), never: /injected/i, log: /cannot carry/, covers: ['A-113'] },
  { id: 'E-219', what: 'an interim status', app: wrong('103 Early Hints'), log: /interim/, covers: ['A-140', 'A-114'] },
  { id: 'A-114.low', what: 'a status code below 100', app: wrong('099 Low'), log: /code of three digits/ },
  { id: 'E-104', what: 'headers that are not an array', app: wrong('200 OK', new Set([['X-A', '1']])), log: /must be an array/, covers: ['A-115'] },
  { id: 'A-115.object', what: 'headers that are a plain object', app: wrong('200 OK', { 'X-A': '1' }), log: /must be an array/ },
  { id: 'A-115.null', what: 'null for headers', app: wrong('200 OK', null), log: /must be an array/ },
  { id: 'A-115.flat', what: 'a flat list of headers', app: wrong('200 OK', ['X-A', '1']), log: /Header 0 is not a \[name, value\] pair/ },
  { id: 'A-115.one', what: 'a header without a value', app: wrong('200 OK', [['X-A']]), log: /Header 0 is not/ },
  { id: 'A-115.three', what: 'a header of three parts', app: wrong('200 OK', [['X-A', '1', '2']]), log: /Header 0 is not/ },
  { id: 'A-115.number', what: 'a number as value', app: header('X-A', 1), log: /value of the header X-A must be a string/ },
  { id: 'A-115.name', what: 'a number as name', app: header(1, 'a'), log: /header name must be a string/ },
  { id: 'E-197', what: 'a name with a space', app: header('X A', '1'), log: /not a token/, covers: ['A-116'] },
  { id: 'A-116.colon', what: 'a name with a colon', app: header('X-A:', '1'), log: /not a token/ },
  { id: 'A-116.empty', what: 'an empty name', app: header('', '1'), log: /not a token/ },
  { id: 'A-116.latin', what: 'a name that is not ASCII', app: header('X-é', '1'), log: /not a token/, covers: ['A-119'] },
  { id: 'A-116.quote', what: 'a name with a quote', app: header('"X"', '1'), log: /not a token/ },
  { id: 'E-194', what: 'a name that would inject a header', app: header('X-A: 1\r\nX-Injected', '1'), never: /injected/i, log: /not a token/, covers: ['A-116', 'A-117'] },
  { id: 'A-117.crlf', what: 'a value that would inject a header', app: header('X-A', '1\r\nX-Injected: 1'), never: /injected/i, log: /control character/ },
  { id: 'A-117.cr', what: 'a value with CR', app: header('X-A', '1\r2'), log: /control character/ },
  { id: 'A-117.lf', what: 'a value with LF at its end', app: header('X-A', '1\n'), log: /control character/ },
  { id: 'E-195.00', what: 'a value with NUL', app: header('X-A', 'a\0b'), log: /control character/, covers: ['A-117'] },
  { id: 'E-195.01', what: 'a value with 0x01', app: header('X-A', 'a\x01b'), log: /control character/, covers: ['A-118'] },
  { id: 'E-195.0B', what: 'a value with 0x0B', app: header('X-A', 'a\x0bb'), log: /control character/, covers: ['A-118'] },
  { id: 'E-195.7F', what: 'a value with 0x7F', app: header('X-A', 'a\x7fb'), log: /control character/, covers: ['A-118'] },
  { id: 'E-196.LF', what: 'U+010A in a value, which truncates to LF', app: header('X-A', 'a\u010aX-Injected: 1'), never: /injected/i, log: /above U\+00FF/, covers: ['A-119', 'A-120'] },
  { id: 'E-196.CR', what: 'U+010D in a value, which truncates to CR', app: header('X-A', 'a\u010dX-Injected: 1'), never: /injected/i, log: /above U\+00FF/, covers: ['A-119', 'A-120'] },
  { id: 'E-222', what: 'U+20AC in a value', app: header('X-A', '20 \u20ac'), log: /above U\+00FF/, covers: ['A-119'] },
  { id: 'A-119.status', what: 'U+20AC in a status', app: wrong('200 \u20ac'), log: /cannot carry/ },
  { id: 'A-119.name', what: 'U+212A in a name, which folds to k', app: header('\u212aeep-Alive', '1'), log: /not a token/, covers: ['A-122'] },
  { id: 'E-223', what: 'a bad value without repeating it', app: header('X-Secret', 'hunter2\n'), never: /hunter2/, log: /X-Secret/, covers: ['A-127'] },
  { id: 'A-124', what: 'a header named Status', app: header('Status', '200 OK'), log: /Status is not allowed/ },
  { id: 'E-215', what: 'Connection from an application', app: header('Connection', 'close'), log: /hop-by-hop/, covers: ['A-121', 'A-134'] },
  { id: 'E-216', what: 'Transfer-Encoding from an application', app: answer(['2\r\nhe\r\n', '0\r\n\r\n'], [['Transfer-Encoding', 'chunked']]), never: /\r\nhe\r\n/, log: /hop-by-hop/, covers: ['A-121'] },
  ...['cOnNeCtIoN', 'Keep-Alive', 'Proxy-Authenticate', 'Proxy-Authorization', 'Proxy-Connection', 'TE', 'Trailer', 'Trailers', 'transfer-encoding', 'UPGRADE'].map((name) => ({
    id: `A-121.${name}`, what: `${name} from an application`, app: header(name, 'x'), log: new RegExp(`The header ${name} is hop-by-hop`), covers: ['A-122'],
  })),
];

const ORDERED: HeaderList = [
  ['ETag', '"1"'],
  ['x-Zoo', 'z'],
  ['X-FOO', 'f'],
  ['x-zoo', 'y'],
  ['WWW-Authenticate', 'Basic'],
];

/** What a gateway passes on as it is. */
const passed: [id: string, name: string, status: string, code: number, reason: string][] = [
  ['A-112', 'an empty reason', '200 ', 200, ''],
  ['A-114.high', 'an unusual status code', '999 Odd Thing', 999, 'Odd Thing'],
  ['A-120.reason', 'latin-1 in a reason', '200 D\xe9j\xe0 vu', 200, 'D\xe9j\xe0 vu'],
  ['A-113.inner', 'white space within a reason', '404 Not  Found', 404, 'Not  Found'],
];

export const responseHead: Scenario[] = [
  ...refused.map(({ id, what, app, never, log: line, covers = [] }) =>
    scenario({
      id,
      name: `answers 500 to ${what}`,
      covers,
      app: () => app,
      connection: 'closed',
      check: ({ first, raw, log }) => {
        assert.equal(first.status, 500);
        assert.equal(first.reason, 'Internal Server Error');
        lacks(first.headers, 'x-a', 'x-injected');
        assert.equal(first.complete, true);
        if (never !== undefined) assert.doesNotMatch(raw.toString('latin1'), never);
        if (never !== undefined && !line.test('X-Secret')) log.says(line);
        else log.saysTimes(line, 1);
      },
    }),
  ),
  ...passed.map(([id, what, status, code, reason]) =>
    scenario({
      id,
      name: `takes ${what}`,
      needs: ['reason'],
      app: () => answer(['body'], PLAIN, status),
      check: ({ first, body }) => {
        assert.equal(first.status, code);
        assert.equal(first.reason, reason);
        assert.equal(body, 'body');
      },
    }),
  ),
  scenario({
    id: 'A-123',
    name: 'throws for bad headers inside the application, which can catch that',
    app: () => (_environ, start_response) => {
      try {
        start_response('200 OK', [['X A', '1']]);
      } catch (error) {
        start_response('200 OK', PLAIN, error as Error);
        return texts(nameOf(error));
      }
      return [];
    },
    check: ({ first, body, log }) => {
      assert.equal(first.status, 200);
      assert.equal(body, 'ApplicationError');
      log.isSilent();
    },
  }),
  scenario({
    id: 'E-019',
    name: 'sends the status line of the application',
    needs: ['reason'],
    app: () => answer(['ok'], PLAIN, '201 Made It'),
    check: ({ first, raw }) => {
      assert.match(raw.toString(), /^HTTP\/1\.1 201 Made It\r\n/);
      assert.equal(first.reason, 'Made It');
    },
  }),
  scenario({
    id: 'E-032',
    name: 'sends a 404 with its body',
    app: () => answer(['Not Found'], PLAIN, '404 Not Found'),
    check: ({ first, body }) => {
      assert.equal(first.status, 404);
      assert.equal(first.reason, 'Not Found');
      assert.equal(body, 'Not Found');
    },
  }),
  scenario({
    id: 'A-120',
    name: 'sends a header value as latin-1, tabs and blanks inside it included',
    app: () => answer(['ok'], [['X-A', ' caf\xe9 \t\xff ']]),
    check: ({ raw }) => {
      const line = Buffer.from('\r\nX-A: caf\xe9 \t\xff\r\n'.toLowerCase(), 'latin1');
      assert.equal(Buffer.from(raw.toString('latin1').toLowerCase(), 'latin1').includes(line), true);
    },
  }),
  scenario({
    id: 'A-120.alone',
    name: 'sends a head that is sent before the body as latin-1',
    app: () => (_environ, start_response) => {
      start_response('200 OK', [['X-A', 'caf\xe9']])(text(''));
      return texts('ok');
    },
    check: ({ raw }) => assert.ok(raw.toString('latin1').toLowerCase().includes('\r\nx-a: caf\xe9\r\n')),
  }),
  scenario({
    id: 'A-128',
    name: 'trims blanks and tabs around a value, and nothing else',
    app: () => answer(['ok'], [['X-A', ' \t\xa0v\xa0\t ']]),
    check: ({ raw }) => assert.ok(raw.toString('latin1').toLowerCase().includes('\r\nx-a: \xa0v\xa0\r\n')),
  }),
  scenario({
    id: 'E-022',
    name: 'sends a repeated header as several lines, in order',
    covers: ['A-125'],
    app: () =>
      answer(
        ['ok'],
        [
          ['X-Foo', 'foo'],
          ['Set-Cookie', 'a=1'],
          ['X-Foo', 'bar, baz'],
          ['Set-Cookie', 'b=2'],
        ],
      ),
    check: ({ first }) => {
      const named = (name: string) => first.rawHeaders.filter(([key]) => key.toLowerCase() === name);
      assert.deepEqual(
        named('set-cookie').map(([, value]) => value),
        ['a=1', 'b=2'],
      );
      assert.equal(first.headers['x-foo'], 'foo, bar, baz');
    },
  }),
  scenario({
    id: 'A-126',
    name: 'keeps the case of names and the order of lines',
    covers: ['A-125'],
    needs: ['header-case'],
    app: () => answer(['ok'], ORDERED),
    check: ({ first }) => {
      const names = first.rawHeaders.map(([name]) => name).slice(0, 5);
      assert.deepEqual(
        names,
        ORDERED.map(([name]) => name),
      );
    },
  }),
  scenario({
    id: 'A-129',
    name: 'invents no Content-Type, and no header but those that HTTP needs',
    needs: ['raw-http'],
    app: () => answer(['ok'], []),
    check: ({ first }) => {
      const allowed = ['connection', 'content-length', 'date', 'keep-alive', 'server'];
      assert.deepEqual(
        Object.keys(first.headers).filter((name) => !allowed.includes(name)),
        [],
      );
    },
  }),
  scenario({
    id: 'E-040',
    name: 'adds Date and Server, once each',
    covers: ['A-130', 'A-131', 'A-133'],
    needs: ['http10', 'raw-http'],
    app: () => answer(['ok']),
    request: get10(),
    connection: 'closed',
    check: ({ first }) => {
      assert.match(first.headers['date'] ?? '', DATE);
      assert.ok(Math.abs(Date.parse(first.headers['date'] as string) - Date.now()) < 60_000);
      assert.equal(first.headers['server'], 'wsgi');
    },
  }),
  scenario({
    id: 'A-133.off',
    name: 'adds no Server when it is turned off',
    options: { ident: '' },
    app: () => answer(['ok']),
    check: ({ first }) => lacks(first.headers, 'server'),
  }),
  scenario({
    id: 'E-100',
    name: 'keeps Date and Server of the application, in any case, and adds no others',
    covers: ['A-130', 'A-132', 'E-067'],
    needs: ['http10'],
    app: () =>
      answer(['Hello, world!'], [...PLAIN, ['dAtE', 'Mon, 05 Jun 2006 18:49:54 GMT'], ['sERVER', 'mine']]),
    request: get10(),
    connection: 'closed',
    check: ({ first, body }) => {
      assert.equal(first.headers['date'], 'Mon, 05 Jun 2006 18:49:54 GMT');
      assert.equal(first.headers['server'], 'mine');
      assert.equal(first.headers['content-length'], '13');
      assert.equal(body, 'Hello, world!');
    },
  }),
  scenario({
    id: 'A-134',
    name: 'writes Connection itself, once',
    app: () => answer(['ok']),
    request: get('/', 'Connection: close'),
    connection: 'closed',
    check: ({ first }) => assert.equal(first.headers['connection'], 'close'),
  }),
];
