import { mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { ConfigError } from '../../lib/errors.js';
import { type SharedDataOptions, sharedData } from '../../lib/middleware/index.js';
import { call, Exchange, environOf, placed } from '../support/call.js';
import { LeakWatch } from '../support/leaks.js';
import { closeServers, serveApp } from '../support/serve.js';
import { APP, MODIFIED, SharedSite } from './shared-site.js';

describe('sharedData', () => {
  const site = new SharedSite();
  beforeEach(() => site.create());
  afterEach(async () => {
    await closeServers();
    site.remove();
  });

  it('sends a file, with what caches ask for', async () => {
    const answer = await site.get('/static/a.txt');
    expect([answer.status, answer.text]).to.deep.equal(['200 OK', '0123456789']);
    const { ETag, ...headers } = Object.fromEntries(answer.headers);
    expect(ETag).to.match(/^"[0-9a-f]+-a"$/);
    expect(headers).to.deep.equal({
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': '10',
      'Last-Modified': MODIFIED,
      'Accept-Ranges': 'bytes',
      'Cache-Control': 'max-age=43200, public',
    });
  });

  it('sends a file that has a prefix of its own', async () => {
    expect((await site.get('/one')).text).to.equal('secret');
    expect((await site.get('/one/')).text).to.equal('app');
    expect((await site.get('/one/x')).text).to.equal('app');
    expect((await site.get('/one/x', {}, { index: 'index.html' })).text).to.equal('app');
  });

  it('takes the names of files as UTF-8', async () => {
    const answer = await site.get('/static/caf\xc3\xa9.html');
    expect(answer.text).to.equal('<p>');
    expect(answer.header('Content-Type')).to.equal('text/html; charset=utf-8');
  });

  it('looks at the longest prefix first, and then at the others', async () => {
    const app = sharedData(
      APP,
      new Map<string, string | URL>([
        ['/', join(site.folder, 'public')],
        ['/docs', pathToFileURL(join(site.folder, 'public/bare'))],
      ]),
      { index: 'index.html' },
    );
    expect((await call(app, environOf('/docs/x.json'))).text).to.equal('{}');
    expect((await call(app, environOf('/docs/'))).text).to.equal('index');
  });

  it('serves the index of a folder if it is told to', async () => {
    const index = { index: 'index.html' };
    const answer = await site.get('/static/docs/', {}, index);
    expect(answer.text).to.equal('index');
    expect(answer.header('Content-Type')).to.equal('text/html; charset=utf-8');
    expect((await site.get('/static/bare/', {}, index)).text).to.equal('app');
    expect((await site.get('/static/bare', {}, index)).text).to.equal('app');
    const redirect = await site.get('/static/docs', { QUERY_STRING: 'a=b' }, index);
    expect(redirect.status).to.equal('301 Moved Permanently');
    expect(redirect.header('Location')).to.equal('./docs/?a=b');
  });

  it('redirects to the root of a mounted application, and never to //', async () => {
    const app = sharedData(APP, { '/': join(site.folder, 'public/docs') }, { index: 'index.html' });
    const mounted = await call(app, environOf({ SCRIPT_NAME: '/x', PATH_INFO: '' }));
    expect(mounted.header('Location')).to.equal('./x/');
    const root = environOf('/');
    root.PATH_INFO = '';
    expect((await call(app, root)).text).to.equal('index');
  });

  it('redirects within the host, whatever the name', async () => {
    mkdirSync(join(site.folder, 'public/evil.example?x y'));
    writeFileSync(join(site.folder, 'public/evil.example?x y/index.html'), '');
    const answer = await site.get('/static/evil.example?x y', {}, { index: 'index.html' });
    expect(answer.header('Location')).to.equal('./evil.example%3Fx%20y/');
  });

  describe('types', () => {
    it('fall back, and can be told', async () => {
      const type = async (path: string, options?: SharedDataOptions) =>
        (await site.get(path, {}, options)).header('Content-Type');
      expect(await type('/static/unknown.xyz')).to.equal('application/octet-stream');
      expect(await type('/static/unknown.xyz', { fallbackType: 'text/x' })).to.equal('text/x');
      expect(await type('/static/unknown.xyz', { types: { '.XYZ': 'chemical/x-xyz' } })).to.equal(
        'chemical/x-xyz',
      );
      expect(await type('/static/bare/x.json')).to.equal('application/json');
    });
  });

  it('sends the Cache-Control that it is told to', async () => {
    const cache = async (maxAge: number | null) =>
      (await site.get('/static/a.txt', {}, { maxAge })).header('Cache-Control');
    expect(await cache(0)).to.equal('max-age=0, public');
    expect(await cache(null)).to.equal(undefined);
  });

  describe('the application', () => {
    it('stays synchronous where no prefix fits, and for other methods', () => {
      const { start_response } = new Exchange();
      for (const keys of [
        { PATH_INFO: '/x' },
        { PATH_INFO: '/static/../x' },
        { PATH_INFO: '/static/a.txt', REQUEST_METHOD: 'POST' },
      ]) {
        expect(site.app()(environOf(keys), start_response)).to.deep.equal([Buffer.from('app')]);
      }
    });

    it('gets WebSocket requests', () => {
      const environ = environOf({ PATH_INFO: '/static/a.txt', 'wsgi.websocket': {} });
      expect(site.app()(environ, new Exchange().start_response)).to.deep.equal([Buffer.from('app')]);
    });

    it('gets its environ untouched', async () => {
      const { text } = await call(site.app({}, placed('app')), environOf('/static/missing'));
      expect(text).to.equal('app [] [/static/missing]');
    });
  });

  it('answers HEAD and 304 without opening the file', async () => {
    const environ = environOf({
      PATH_INFO: '/static/a.txt',
      REQUEST_METHOD: 'HEAD',
      HTTP_RANGE: 'bytes=1-3',
    });
    environ['wsgi.file_wrapper'] = () => expect.fail('opened');
    const answer = await call(site.app(), environ);
    expect([answer.status, answer.text]).to.deep.equal(['200 OK', '']);
    expect(answer.header('Content-Length')).to.equal('10');
  });

  it('streams through the wsgi.file_wrapper of the server, which gets the open file', async () => {
    const environ = environOf('/static/a.txt');
    let given: { fd?: number; close?(): Promise<void> } = {};
    environ['wsgi.file_wrapper'] = (file) => {
      given = file;
      return [Buffer.from('wrapped')];
    };
    expect((await call(site.app(), environ)).text).to.equal('wrapped');
    expect(given.fd).to.be.greaterThan(2);
    await given.close?.();
  });

  it('closes the file if start_response throws', async () => {
    const server = await serveApp(APP);
    const watch = await LeakWatch.begin(server);
    const refusing = () => {
      throw new Error('refused');
    };
    let thrown: unknown;
    await Promise.resolve(site.app()(environOf('/static/a.txt'), refusing)).catch(
      (error) => (thrown = error),
    );
    expect(thrown).to.have.property('message', 'refused');
    await watch.end();
  });

  it('has paths relative to the working directory', async () => {
    const app = sharedData(APP, { '/package.json': 'package.json' });
    const { text } = await call(app, environOf('/package.json'));
    expect(text.length).to.equal(statSync(realpathSync('package.json')).size);
  });

  const WRONG: [what: string, exports: unknown, options: unknown, message: RegExp][] = [
    ['a prefix without a slash', { static: '.' }, {}, /begins with a slash/],
    ['a target that is not a path', { '/s': 1 }, {}, /the path or the file: URL/],
    ['a URL of the web', { '/s': new URL('http://h/') }, {}, /the path or the file: URL/],
    ['an unknown name', { '/s': '.' }, { cache: true }, /no option cache, only maxAge, /],
    ['a negative age', { '/s': '.' }, { maxAge: -1 }, /^maxAge of .* not -1$/],
    ['an index that is a path', { '/s': '.' }, { index: '../x' }, /^index of/],
    ['a flag that is none', { '/s': '.' }, { dotFiles: 'no' }, /^dotFiles of/],
    ['a type that is none', { '/s': '.' }, { types: { md: 'markdown' } }, /^types.md of/],
    ['a type with a line break', { '/s': '.' }, { fallbackType: 'a/b\r\nX: y' }, /^fallbackType of/],
  ];
  for (const [what, exports, options, message] of WRONG) {
    it(`refuses ${what}`, () => {
      const app = APP as Application;
      expect(() => sharedData(app, exports as Record<string, string>, options as SharedDataOptions)).to.throw(
        ConfigError,
        message,
      );
    });
  }
});
