/** Programs that break the rules of C3: status and headers. */
import { type ValidatorOptions, validator } from '../../../lib/validate/index.js';
import { type Case, HEADERS, loose, serve } from '../support.js';

type Row = readonly [what: string, status: unknown, headers?: unknown];

/** One case for each head that an application might pass. */
function heads(
  id: Case['id'],
  code: string | undefined,
  rows: readonly Row[],
  options?: ValidatorOptions,
): Case[] {
  return rows.map(([what, status, headers = HEADERS]) => {
    const app = loose((_environ, start_response) => {
      start_response(status, headers);
      return [];
    });
    const run = () => serve(validator(app, options));
    return code === undefined ? { id, what, run } : { id, what, code, run };
  });
}

/** Headers beside a Content-Type. */
function fields(...all: [unknown, unknown][]): unknown[] {
  return [...HEADERS, ...all];
}

function field(name: unknown, value: unknown = 'x'): unknown[] {
  return fields([name, value]);
}

const OK = '200 OK';
const HOP_BY_HOP = [
  'Connection',
  'Keep-Alive',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy-Connection',
  'TE',
  'Trailer',
  'Trailers',
  'Transfer-Encoding',
  'Upgrade',
];

export const HEAD: readonly Case[] = [
  ...heads('C-060', 'status-not-string', [
    ['a number', 200],
    ['bytes', Buffer.from(OK)],
    ['nothing', undefined],
  ]),
  ...heads('C-061', 'status-code', [
    ['a reason alone', 'OK'],
    ['four digits', '2000 OK'],
    ['two digits', '20 OK'],
    ['an empty one', ''],
  ]),
  ...heads('C-062', 'status-too-low', [['099', '099 Low']]),
  ...heads('C-063', 'status-interim', [
    ['100', '100 Continue'],
    ['103', '103 Early Hints'],
  ]),
  ...heads('C-064', 'status-too-high', [['600', '600 High']]),
  ...heads('C-065', 'status-no-space', [
    ['a code alone', '200'],
    ['a dash', '200-OK'],
  ]),
  ...heads('C-066', 'status-control-character', [
    ['CR LF at the end', '200 OK\r\n'],
    ['a tab', '200\tOK'],
    ['DEL', '200 O\x7fK'],
  ]),
  ...heads('C-067', 'status-white-space', [
    ['a space before', ' 200 OK'],
    ['a space at the end', '200 OK '],
  ]),
  ...heads('C-068', 'status-not-native', [['text in the status', '200 日本']]),
  ...heads('C-068', 'header-not-native', [
    ['text in a name', OK, field('X-日本')],
    ['text in a value', OK, field('X-A', '日本')],
  ]),
  ...heads('C-068', undefined, [['latin-1', '200 D\xe9j\xe0', field('X-A', '\xe9')]]),
  ...heads('C-070', 'headers-not-array', [
    ['an object', OK, { 'Content-Type': 'text/plain' }],
    ['a Map', OK, new Map([['Content-Type', 'text/plain']])],
    ['null', OK, null],
  ]),
  ...heads('C-071', 'header-not-pair', [
    ['a text', OK, ['Content-Type: text/plain']],
    ['three', OK, [['Content-Type', 'text/plain', 'x']]],
    ['an object', OK, [{ name: 'x', value: 'y' }]],
  ]),
  ...heads('C-072', 'header-not-string', [
    ['a name that is a number', OK, field(1)],
    ['a value that is a number', OK, field('Content-Length', 2)],
    ['a value that is undefined', OK, [['X-A', undefined]]],
  ]),
  ...heads('C-073', 'header-name', [
    ['an empty name', OK, field('')],
    ['a space', OK, field('X A')],
    ['a colon', OK, field('X-A:')],
    ['a line end', OK, field('X-A\n')],
    ['quotes', OK, field('"X-A"')],
    ['latin-1', OK, field('X-\xe9')],
  ]),
  ...heads('C-073', 'header-name-unusual', [
    ['a digit first', OK, field('1-A')],
    ['a dot', OK, field('X.A')],
    ['an exclamation mark', OK, field('X!')],
  ]),
  ...heads('C-074', 'header-name-end', [
    ['a dash', OK, field('X-')],
    ['an underscore', OK, field('X_')],
  ]),
  ...heads('C-075', 'header-status', [['Status', OK, field('Status', '200')]]),
  ...heads('C-076', 'header-control-character', [
    ['CR LF', OK, field('X-A', 'a\r\nSet-Cookie: b=c')],
    ['NUL', OK, field('X-A', 'a\0')],
    ['DEL', OK, field('X-A', 'a\x7f')],
  ]),
  ...heads('C-076', 'header-tab', [['a tab', OK, field('X-A', 'a\tb')]]),
  ...HOP_BY_HOP.flatMap((name) => heads('C-077', 'header-hop-by-hop', [[name, OK, field(name)]])),
  ...heads('C-078', 'header-white-space', [
    ['a space before', OK, field('X-A', ' a')],
    ['a tab at the end', OK, field('X-A', 'a\t')],
  ]),
  ...heads('C-079', 'content-length-twice', [
    ['two', OK, fields(['Content-Length', '0'], ['content-length', '0'])],
  ]),
  ...heads('C-079', 'content-length-value', [
    ['a sign', OK, field('Content-Length', '+2')],
    ['an empty one', OK, field('Content-Length', '')],
    ['a list', OK, field('Content-Length', '2, 2')],
  ]),
  ...heads('C-080', 'content-type-missing', [
    ['200', OK, []],
    ['302', '302 Found', [['Location', '/']]],
  ]),
  ...heads('C-080', undefined, [
    ['Content-Length 0', OK, [['Content-Length', '0']]],
    ['204', '204 No Content', []],
    ['304', '304 Not Modified', []],
  ]),
  ...heads('C-081', 'content-type-without-body', [
    ['204', '204 No Content'],
    ['304', '304 Not Modified'],
  ]),
  ...heads('C-082', 'content-length-without-body', [['204', '204 No Content', [['Content-Length', '0']]]]),
  ...heads('C-082', 'content-length-on-304', [['304', '304 Not Modified', [['Content-Length', '10']]]]),
  ...[
    'Allow',
    'Content-Encoding',
    'Content-Language',
    'Content-MD5',
    'Content-Range',
    'Last-Modified',
  ].flatMap((name) => heads('C-083', 'entity-header-on-304', [[name, '304 Not Modified', [[name, 'x']]]])),
  ...heads('C-083', undefined, [
    [
      'Expires, Content-Location and ETag',
      '304 Not Modified',
      [
        ['Expires', 'x'],
        ['Content-Location', '/'],
        ['ETag', '"a"'],
      ],
    ],
  ]),
  ...heads('C-084', 'etag', [
    ['no quotes', OK, field('ETag', 'abc')],
    ['a small w', OK, field('ETag', 'w/"abc"')],
    ['a quote within', OK, field('ETag', '"a"c"')],
  ]),
  ...heads('C-084', undefined, [
    ['a strong one', OK, field('ETag', '"abc"')],
    ['a weak one', OK, field('ETag', 'W/"abc"')],
  ]),
  ...heads('C-085', 'location-relative', [['a path', OK, field('Location', '/a')]], {
    absoluteLocation: true,
  }),
  ...heads('C-085', undefined, [['a URL', OK, field('Location', 'http://a/')]], { absoluteLocation: true }),
  ...heads('C-085', undefined, [['a path, by default', OK, field('Location', '/a')]]),
  ...['Content-Type', 'ETag', 'Location', 'Date', 'Last-Modified'].flatMap((name) => {
    const value = name === 'ETag' ? '"a"' : 'x';
    return heads('C-086', 'header-twice', [[name, OK, fields([name, value], [name.toLowerCase(), value])]]);
  }),
  ...heads('C-086', undefined, [['Set-Cookie', OK, fields(['Set-Cookie', 'a=b'], ['Set-Cookie', 'c=d'])]]),
];
