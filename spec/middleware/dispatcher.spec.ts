/** lib/middleware/dispatcher.ts (CONFORMANCE A-330, E-146 to E-148, F-Z001). */
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { ConfigError } from '../../lib/errors.js';
import { dispatcher } from '../../lib/middleware/index.js';
import { answering, CountedBody, call, Exchange, environOf, placed } from '../support/call.js';
import { closeServers, serveApp } from '../support/serve.js';

const APP = dispatcher(placed('default'), {
  '/foo': placed('foo'),
  '/a': placed('a'),
  '/a/b': placed('a/b'),
  '/café': placed('café'),
});

const CASES: [id: string, path: string, answer: string][] = [
  ['E-146 the prefix itself', '/foo', 'foo [/foo] []'],
  ['E-146 with a slash', '/foo/', 'foo [/foo] [/]'],
  ['E-146 not inside of a segment', '/foobar', 'default [] [/foobar]'],
  ['E-147 the longest first', '/a/b/c', 'a/b [/a/b] [/c]'],
  ['E-147 the shorter for its own', '/a/c', 'a [/a] [/c]'],
  ['E-148 slashes are not squeezed', '/foo//bar', 'foo [/foo] [//bar]'],
  ['F-Z001 a doubled slash ends a prefix', '/a//b', 'a [/a] [//b]'],
  ['F-Z001 a segment that begins alike', '/ab', 'default [] [/ab]'],
  ['the root', '/', 'default [] [/]'],
  ['an empty path', '', 'default [] []'],
  ['OPTIONS *', '*', 'default [] [*]'],
  ['a path that begins with two slashes', '//foo', 'default [] [//foo]'],
  ['another case of letters', '/FOO', 'default [] [/FOO]'],
  ['dot segments, which are names', '/foo/../a', 'foo [/foo] [/../a]'],
  ['the bytes of UTF-8', '/caf\xc3\xa9/x', 'café [/caf\xc3\xa9] [/x]'],
  ['not those of latin-1', '/caf\xe9/x', 'default [] [/caf\xe9/x]'],
];

describe('dispatcher', () => {
  afterEach(closeServers);

  for (const [id, path, answer] of CASES) {
    it(`${id}: ${JSON.stringify(path)}`, async () => {
      const text = (await call(APP, environOf(path))).items.join('');
      expect(text).to.equal(answer.replace('café [', 'caf\xe9 ['));
      const [, script, rest] = /\[(.*)\] \[(.*)\]/.exec(text) ?? [];
      expect(`${script}${rest}`, 'A-330').to.equal(path);
    });
  }

  it('adds to the SCRIPT_NAME that is there, so that it nests', async () => {
    const nested = dispatcher(placed('outer'), { '/x': APP });
    const { text } = await call(nested, environOf({ SCRIPT_NAME: '/app', PATH_INFO: '/x/a/b/c' }));
    expect(text).to.equal('a/b [/app/x/a/b] [/c]');
  });

  it('gives the mounted application the same environ, changed', async () => {
    const environ = environOf('/foo/x');
    let seen: unknown;
    const app: Application = (given, start_response) => {
      seen = given;
      return placed('foo')(given, start_response);
    };
    await call(dispatcher(placed('default'), { '/foo': app }), environ);
    expect(seen).to.equal(environ);
    expect(environ).to.include({ SCRIPT_NAME: '/foo', PATH_INFO: '/x' });
  });

  it('works where the gateway leaves out what is empty', async () => {
    const environ = environOf('/foo');
    delete (environ as Record<string, unknown>)['SCRIPT_NAME'];
    expect((await call(APP, environ)).text).to.equal('foo [/foo] []');
    delete (environ as Record<string, unknown>)['PATH_INFO'];
    expect((await call(APP, environ)).text).to.match(/^default/);
  });

  it('hands through the body as it is, and start_response itself', () => {
    const body = new CountedBody('x');
    const { start_response, starts } = new Exchange();
    let given: unknown;
    const app: Application = (environ, start) => {
      given = start;
      return answering('200 OK', body)(environ, start);
    };
    expect(dispatcher(app)(environOf(), start_response)).to.equal(body);
    expect(given).to.equal(start_response);
    expect(starts).to.have.lengthOf(1);
    expect(body).to.include({ opened: 0, closed: 0 });
  });

  it('takes a Map, a prefix with a slash at its end, and an application of a Map only', async () => {
    const app = dispatcher(placed('default'), new Map([['/foo/', placed('foo')]]));
    expect((await call(app, environOf('/foo'))).text).to.equal('foo [/foo] []');
    expect((await call(app, environOf('/constructor'))).text).to.match(/^default/);
  });

  it('serves two applications and the default over HTTP', async () => {
    const { address } = await serveApp(APP);
    const text = async (path: string) =>
      Buffer.from(await (await fetch(address + path)).arrayBuffer()).toString('latin1');
    expect(await text('/a/b/c?d')).to.equal('a/b [/a/b] [/c]');
    expect(await text('/caf%C3%A9/x')).to.equal('caf\xe9 [/caf\xc3\xa9] [/x]');
    expect(await text('/foo%2Fbar')).to.equal('foo [/foo] [/bar]');
    expect(await text('/')).to.equal('default [] [/]');
  });

  const WRONG: [what: string, mounts: unknown, message: RegExp][] = [
    ['a prefix without a slash', { foo: placed('x') }, /begins with a slash, not as "foo" does/],
    ['an empty prefix', { '': placed('x') }, /begins with a slash/],
    ['the root', { '/': placed('x') }, /at "\/" is its first argument/],
    ['a prefix twice', { '/a': placed('x'), '/a/': placed('y') }, /has the prefix "\/a\/" twice/],
    ['no application', { '/a': 'app.js' }, /takes for \/a an application that is a function, not 'app.js'/],
    ['no table', [['/a', placed('x')]], /keys of an object or of a Map/],
    ['a key that is not text', new Map([[1, placed('x')]]), /begins with a slash/],
  ];
  for (const [what, mounts, message] of WRONG) {
    it(`refuses ${what}`, () => {
      expect(() => dispatcher(placed('default'), mounts as Record<string, Application>)).to.throw(
        ConfigError,
        message,
      );
    });
  }

  it('refuses a default that is not a function', () => {
    expect(() => dispatcher(undefined as unknown as Application)).to.throw(ConfigError, /not undefined/);
  });
});
