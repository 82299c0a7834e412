/** lib/porting/mirror/choose.ts. */
import { expect } from 'chai';
import { nativeToText } from '../../../lib/environ/native-string.js';
import type { Application } from '../../../lib/environ/types.js';
import { ConfigError } from '../../../lib/errors.js';
import { choose } from '../../../lib/porting/index.js';
import { answering, CountedBody, call, Exchange, environOf, placed } from '../../support/call.js';

const APP = choose(
  {
    '/items': true,
    '/items/old': false,
    'POST /items': false,
    'DELETE /items/7': placed('a third'),
    '= /': true,
    '/users/*/posts': true,
    '/users/me/posts': false,
    '/café/': true,
    'GET /page': true,
  },
  placed('candidate'),
  placed('original'),
);

const CASES: [what: string, method: string, path: string, answer: string][] = [
  ['a route', 'GET', '/items', 'candidate'],
  ['a slash at its end', 'GET', '/items/', 'candidate'],
  ['what lies below it', 'GET', '/items/7', 'candidate'],
  ['not inside of a segment', 'GET', '/itemsize', 'original'],
  ['a longer route first', 'GET', '/items/old/1', 'original'],
  ['a method first', 'POST', '/items', 'original'],
  ['a method, and what lies below', 'POST', '/items/7', 'original'],
  ['an application of its own', 'DELETE', '/items/7/x', 'a third'],
  ['a path alone', 'GET', '/', 'candidate'],
  ['an empty path, which is the root', 'GET', '', 'candidate'],
  ['not what lies below a path alone', 'GET', '/other', 'original'],
  ['any one segment', 'GET', '/users/42/posts', 'candidate'],
  ['the segment itself before any', 'GET', '/users/me/posts/1', 'original'],
  ['a segment that is missing', 'GET', '/users/posts', 'original'],
  ['a segment that is empty', 'GET', '/users//posts', 'original'],
  ['the bytes of UTF-8', 'GET', '/caf\xc3\xa9/x', 'candidate'],
  ['HEAD as GET', 'HEAD', '/page', 'candidate'],
  ['another method', 'PUT', '/page', 'original'],
  ['OPTIONS *', 'OPTIONS', '*', 'original'],
  ['a path that begins with two slashes', 'GET', '//items', 'original'],
  ['another case of letters', 'GET', '/ITEMS', 'original'],
];

describe('choose', () => {
  for (const [what, method, path, answer] of CASES) {
    it(`${what}: ${method} ${JSON.stringify(path)} is for the ${answer}`, async () => {
      const { text } = await call(APP, environOf({ REQUEST_METHOD: method, PATH_INFO: path }));
      // `placed` answers in latin-1, which `text` reads as UTF-8.
      expect(text).to.equal(`${answer} [] [${nativeToText(path)}]`);
    });
  }

  it('hands through environ, start_response and the body as they are', () => {
    const environ = environOf('/items');
    const body = new CountedBody('x');
    const { start_response } = new Exchange();
    let given: unknown[] = [];
    const app: Application = (...args) => {
      given = args;
      return answering('200 OK', body)(...args);
    };
    expect(choose({ '/items': true }, app, placed('original'))(environ, start_response)).to.equal(body);
    expect(given).to.deep.equal([environ, start_response]);
    expect(given[0]).to.equal(environ);
  });

  it('takes a Map, and everything below "/"', async () => {
    const app = choose(new Map([['/', true]]), placed('candidate'), placed('original'));
    expect((await call(app, environOf('/x/y'))).text).to.match(/^candidate/);
    expect((await call(choose({}, placed('candidate'), placed('original')), environOf('/x'))).text).to.match(
      /^original/,
    );
  });

  const WRONG: [what: string, make: () => unknown, message: RegExp][] = [
    ['no slash', () => choose({ items: true }, placed('a'), placed('b')), /'items'/],
    ['a method in small letters', () => choose({ 'get /a': true }, placed('a'), placed('b')), /in capitals/],
    ['a query', () => choose({ '/a?b': true }, placed('a'), placed('b')), /no query/],
    ['twice', () => choose({ '/a': true, '/a/': false }, placed('a'), placed('b')), /"\/a\/" twice/],
    ['HEAD and GET', () => choose({ 'GET /a': true, 'HEAD /a': true }, placed('a'), placed('b')), /twice/],
    [
      'a word',
      () => choose({ '/a': 'candidate' as never }, placed('a'), placed('b')),
      /true \(the candidate\)/,
    ],
    ['an array', () => choose(['/a'] as never, placed('a'), placed('b')), /keys of an object/],
    ['no candidate', () => choose({}, undefined as never, placed('b')), /candidate that is a function/],
    ['no original', () => choose({}, placed('a'), 'x' as never), /original that is a function/],
  ];
  for (const [what, make, message] of WRONG) {
    it(`refuses ${what}`, () => {
      expect(make).to.throw(ConfigError, message);
    });
  }
});
