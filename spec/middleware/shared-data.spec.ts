/** lib/middleware/shared-data.ts (CONFORMANCE E-151 to E-153, F-Z002). */

import { once } from 'node:events';
import { realpathSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { ConfigError } from '../../lib/errors.js';
import { type SharedDataOptions, sharedData } from '../../lib/middleware/index.js';
import { LeakWatch } from '../support/leaks.js';
import { exchange } from '../support/raw-client.js';
import { closeServers, serveApp } from '../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { answering, call, environOf, headerOf, placed, recorder } from './call.js';

const APP = answering('404 Not Found', 'app');
const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';

function tree(): string {
  const folder = temporaryFolder({
    'secret.txt': 'secret',
    'public/a.txt': '0123456789',
    'public/empty.txt': '',
    'public/a..b.txt': 'dots',
    'public/.hidden': 'hidden',
    'public/.git/config': 'hidden',
    'public/café.html': '<p>',
    'public/unknown.xyz': 'x',
    'public/docs/index.html': 'index',
    'public/bare/x.json': '{}',
  });
  utimesSync(join(folder, 'public/a.txt'), 784_111_777, 784_111_777.25);
  symlinkSync('../secret.txt', join(folder, 'public/out.txt'));
  symlinkSync('..', join(folder, 'public/up'));
  symlinkSync('a.txt', join(folder, 'public/in.txt'));
  return folder;
}

describe('sharedData', () => {
  let folder: string;
  beforeEach(() => {
    folder = tree();
  });
  afterEach(async () => {
    await closeServers();
    removeTemporaryFolders();
  });

  const shared = (options?: SharedDataOptions, app = APP) =>
    sharedData(app, { '/static': join(folder, 'public'), '/one': join(folder, 'secret.txt') }, options);
  const get = (path: string, headers: Record<string, string> = {}, options?: SharedDataOptions) =>
    call(shared(options), environOf({ PATH_INFO: path, ...headers }));

  it('sends a file, with what caches ask for', async () => {
    const answer = await get('/static/a.txt');
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
    expect((await get('/one')).text).to.equal('secret');
    expect((await get('/one/')).text).to.equal('app');
    expect((await get('/one/x')).text).to.equal('app');
    expect((await get('/one/x', {}, { index: 'index.html' })).text).to.equal('app');
  });

  const NOT_SERVED = [
    '/static',
    '/static/',
    '/static/docs',
    '/static/docs/',
    '/static/missing.txt',
    '/static/a.txt/x',
    '/static/a.txt/',
    '/staticx/a.txt',
    '/static//a.txt',
    '/static/./a.txt',
    '/static/../secret.txt',
    '/static/docs/../a.txt',
    '/static/..\\secret.txt',
    '/static/a.txt\0',
    '/static/a.txt\0.html',
    '/static/caf\xe9.html',
    '/static/.hidden',
    '/static/.git/config',
    '/static/out.txt',
    '/static/up/secret.txt',
    `/static/${'x'.repeat(300)}`,
    '/a.txt',
    '/',
    '*',
  ];
  for (const path of NOT_SERVED) {
    it(`E-151: leaves ${JSON.stringify(path.slice(0, 40))} to the application`, async () => {
      expect((await get(path)).text).to.equal('app');
    });
  }

  it('E-151: serves no traversal that a client sends, escaped or not', async () => {
    const { serverPort: port } = await serveApp(shared());
    for (const path of [
      '/static/../secret.txt',
      '/static/%2e%2e/secret.txt',
      '/static/..%2fsecret.txt',
      '/static/%2e%2e%5csecret.txt',
    ]) {
      const { responses } = await exchange({ port, send: `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n` });
      expect(responses[0]?.status, path).to.equal(404);
    }
  });

  it('E-151: serves a name with dots inside', async () => {
    expect((await get('/static/a..b.txt')).text).to.equal('dots');
  });

  it('serves links that stay inside, and others if it is told to', async () => {
    expect((await get('/static/in.txt')).text).to.equal('0123456789');
    expect((await get('/static/out.txt', {}, { followLinks: true })).text).to.equal('secret');
    expect((await get('/static/up/secret.txt', {}, { followLinks: true })).text).to.equal('secret');
  });

  it('serves from a folder that is itself a link', async () => {
    symlinkSync('public', join(folder, 'current'));
    const app = sharedData(APP, { '/': join(folder, 'current') });
    expect((await call(app, environOf('/a.txt'))).text).to.equal('0123456789');
    expect((await call(app, environOf('/out.txt'))).text).to.equal('app');
  });

  it('serves dot files if it is told to, but never ..', async () => {
    expect((await get('/static/.git/config', {}, { dotFiles: true })).text).to.equal('hidden');
    expect((await get('/static/../secret.txt', {}, { dotFiles: true })).text).to.equal('app');
  });

  it('takes the names of files as UTF-8', async () => {
    const answer = await get('/static/caf\xc3\xa9.html');
    expect(answer.text).to.equal('<p>');
    expect(headerOf(answer, 'Content-Type')).to.equal('text/html; charset=utf-8');
  });

  it('looks at the longest prefix first, and then at the others', async () => {
    const app = sharedData(
      APP,
      new Map<string, string | URL>([
        ['/', join(folder, 'public')],
        ['/docs', pathToFileURL(join(folder, 'public/bare'))],
      ]),
      { index: 'index.html' },
    );
    expect((await call(app, environOf('/docs/x.json'))).text).to.equal('{}');
    expect((await call(app, environOf('/docs/'))).text).to.equal('index');
  });

  it('serves the index of a folder if it is told to', async () => {
    const index = { index: 'index.html' };
    const answer = await get('/static/docs/', {}, index);
    expect(answer.text).to.equal('index');
    expect(headerOf(answer, 'Content-Type')).to.equal('text/html; charset=utf-8');
    expect((await get('/static/bare/', {}, index)).text).to.equal('app');
    expect((await get('/static/bare', {}, index)).text).to.equal('app');
    const redirect = await get('/static/docs', { QUERY_STRING: 'a=b' }, index);
    expect(redirect.status).to.equal('301 Moved Permanently');
    expect(headerOf(redirect, 'Location')).to.equal('./docs/?a=b');
  });

  describe('types', () => {
    it('fall back, and can be told', async () => {
      const type = async (path: string, options?: SharedDataOptions) =>
        headerOf(await get(path, {}, options), 'Content-Type');
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
      headerOf(await get('/static/a.txt', {}, { maxAge }), 'Cache-Control');
    expect(await cache(0)).to.equal('max-age=0, public');
    expect(await cache(null)).to.equal(undefined);
  });

  describe('conditional requests', () => {
    const etag = async () => headerOf(await get('/static/a.txt'), 'ETag') as string;

    it('E-153: If-Modified-Since gives 304 without body and entity headers', async () => {
      for (const since of [
        MODIFIED,
        'Sunday, 06-Nov-94 08:49:37 GMT',
        'Sun Nov  6 08:49:37 1994',
        'Tue, 08 Nov 1994 08:49:37 GMT',
      ]) {
        const answer = await get('/static/a.txt', { HTTP_IF_MODIFIED_SINCE: since });
        expect([answer.status, answer.text], since).to.deep.equal(['304 Not Modified', '']);
        expect(answer.headers.map(([name]) => name)).to.deep.equal(['ETag', 'Cache-Control']);
      }
      for (const since of ['Sun, 06 Nov 1994 08:49:36 GMT', 'nonsense', '1994-11-07']) {
        const { status } = await get('/static/a.txt', { HTTP_IF_MODIFIED_SINCE: since });
        expect(status, since).to.equal('200 OK');
      }
    });

    it('If-None-Match compares weakly, one of a list, and *', async () => {
      const tag = await etag();
      for (const match of [tag, `W/${tag}`, `"x", ${tag}`, '*', `"a,b",W/"",${tag}`]) {
        const { status } = await get('/static/a.txt', { HTTP_IF_NONE_MATCH: match });
        expect(status, match).to.equal('304 Not Modified');
      }
      expect((await get('/static/a.txt', { HTTP_IF_NONE_MATCH: '"x"' })).status).to.equal('200 OK');
    });

    it('If-None-Match beats If-Modified-Since', async () => {
      const headers = { HTTP_IF_NONE_MATCH: '"x"', HTTP_IF_MODIFIED_SINCE: MODIFIED };
      expect((await get('/static/a.txt', headers)).status).to.equal('200 OK');
    });

    it('If-Match and If-Unmodified-Since give 412', async () => {
      const status = async (headers: Record<string, string>) => (await get('/static/a.txt', headers)).status;
      const tag = await etag();
      expect(await status({ HTTP_IF_MATCH: '"x"' })).to.equal('412 Precondition Failed');
      expect(await status({ HTTP_IF_MATCH: `W/${tag}` })).to.equal('412 Precondition Failed');
      expect(await status({ HTTP_IF_MATCH: tag })).to.equal('200 OK');
      expect(await status({ HTTP_IF_UNMODIFIED_SINCE: MODIFIED })).to.equal('200 OK');
      expect(await status({ HTTP_IF_UNMODIFIED_SINCE: 'Sun, 06 Nov 1994 08:49:36 GMT' })).to.match(/^412/);
    });

    it('another version has another ETag', async () => {
      const before = await etag();
      writeFileSync(join(folder, 'public/a.txt'), '9876543210');
      expect(await etag()).not.to.equal(before);
    });
  });

  describe('ranges', () => {
    const RANGES: [range: string, status: string, contentRange: string | undefined, text: string][] = [
      ['bytes=1-3', '206 Partial Content', 'bytes 1-3/10', '123'],
      ['bytes=7-', '206 Partial Content', 'bytes 7-9/10', '789'],
      ['bytes=-4', '206 Partial Content', 'bytes 6-9/10', '6789'],
      ['bytes=-40', '206 Partial Content', 'bytes 0-9/10', '0123456789'],
      ['bytes=8-99', '206 Partial Content', 'bytes 8-9/10', '89'],
      ['BYTES=0-0', '206 Partial Content', 'bytes 0-0/10', '0'],
      ['bytes=10-', '416 Range Not Satisfiable', 'bytes */10', ''],
      ['bytes=-0', '416 Range Not Satisfiable', 'bytes */10', ''],
      ['bytes=0-1,3-4', '200 OK', undefined, '0123456789'],
      ['bytes=3-1', '200 OK', undefined, '0123456789'],
      ['bytes=-', '200 OK', undefined, '0123456789'],
      ['lines=1-3', '200 OK', undefined, '0123456789'],
    ];
    for (const [range, status, contentRange, text] of RANGES) {
      it(`E-152: ${range} gives ${status}`, async () => {
        const answer = await get('/static/a.txt', { HTTP_RANGE: range });
        expect([answer.status, answer.text]).to.deep.equal([status, text]);
        expect(headerOf(answer, 'Content-Range')).to.equal(contentRange);
        expect(headerOf(answer, 'Content-Length')).to.equal(String(text.length));
      });
    }

    it('an empty file is sent whole', async () => {
      expect((await get('/static/empty.txt', { HTTP_RANGE: 'bytes=0-' })).status).to.equal('200 OK');
    });

    it('If-Range sends the whole of another version', async () => {
      const tag = headerOf(await get('/static/a.txt'), 'ETag') as string;
      const status = async (ifRange: string) =>
        (await get('/static/a.txt', { HTTP_RANGE: 'bytes=1-3', HTTP_IF_RANGE: ifRange })).status?.slice(0, 3);
      expect(await status(tag)).to.equal('206');
      expect(await status(MODIFIED)).to.equal('206');
      expect(await status(`W/${tag}`)).to.equal('200');
      expect(await status('"x"')).to.equal('200');
      expect(await status('Tue, 08 Nov 1994 08:49:37 GMT')).to.equal('200');
      expect(await status('nonsense')).to.equal('200');
    });
  });

  describe('the application', () => {
    it('stays synchronous where no prefix fits, and for other methods', () => {
      const { start_response } = recorder();
      for (const keys of [
        { PATH_INFO: '/x' },
        { PATH_INFO: '/static/../x' },
        { PATH_INFO: '/static/a.txt', REQUEST_METHOD: 'POST' },
      ]) {
        expect(shared()(environOf(keys), start_response)).to.deep.equal([Buffer.from('app')]);
      }
    });

    it('gets WebSocket requests', () => {
      const environ = environOf({ PATH_INFO: '/static/a.txt', 'wsgi.websocket': {} });
      expect(shared()(environ, recorder().start_response)).to.deep.equal([Buffer.from('app')]);
    });

    it('gets its environ untouched', async () => {
      const { text } = await call(shared({}, placed('app')), environOf('/static/missing'));
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
    const { status, text, ...answer } = await call(shared(), environ);
    expect([status, text]).to.deep.equal(['200 OK', '']);
    expect(headerOf({ status, ...answer }, 'Content-Length')).to.equal('10');
  });

  it('streams through the wsgi.file_wrapper of the server, which gets the open file', async () => {
    const environ = environOf('/static/a.txt');
    let given: { fd?: number; close?(): Promise<void> } = {};
    environ['wsgi.file_wrapper'] = (file) => {
      given = file;
      return [Buffer.from('wrapped')];
    };
    expect((await call(shared(), environ)).text).to.equal('wrapped');
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
    await Promise.resolve(shared()(environOf('/static/a.txt'), refusing)).catch((error) => (thrown = error));
    expect(thrown).to.have.property('message', 'refused');
    await watch.end();
  });

  it('serves over HTTP, and leaves no file open, whether or not the client waits', async () => {
    writeFileSync(join(folder, 'public/large.bin'), Buffer.alloc(8 * 1024 * 1024, 7));
    const server = await serveApp(shared());
    const port = server.serverPort;
    const watch = await LeakWatch.begin(server);
    const request = (method: string, path: string, more = '') =>
      exchange({
        port,
        methods: [method],
        send: `${method} /static/${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${more}\r\n`,
      });
    const [whole] = (await request('GET', 'large.bin')).responses;
    expect(whole?.body.length).to.equal(8 * 1024 * 1024);
    const [part] = (await request('GET', 'large.bin', 'Range: bytes=5-300004\r\n')).responses;
    expect([part?.status, part?.body.length, part?.complete]).to.deep.equal([206, 300_000, true]);
    const [head] = (await request('HEAD', 'a.txt')).responses;
    expect([head?.status, head?.headers['content-length'], head?.body.length]).to.deep.equal([200, '10', 0]);
    const [same] = (await request('GET', 'a.txt', `If-Modified-Since: ${MODIFIED}\r\n`)).responses;
    expect([same?.status, same?.headers['content-length']]).to.deep.equal([304, undefined]);
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const socket = connect(port, '127.0.0.1');
        socket.write('GET /static/large.bin HTTP/1.1\r\nHost: h\r\n\r\n');
        await once(socket, 'data');
        socket.destroy();
      }),
    );
    await watch.end();
  });

  it('has paths relative to the working directory', async () => {
    const app = sharedData(APP, { '/package.json': 'package.json' });
    const { text } = await call(app, environOf('/package.json'));
    expect(text.length).to.equal(statSync(realpathSync('package.json')).size);
  });

  const WRONG: [what: string, exports: unknown, options: unknown, message: RegExp][] = [
    ['a prefix without a slash', { static: '.' }, {}, /begins with a slash/],
    ['a target that is no path', { '/s': 1 }, {}, /the path or the file: URL/],
    ['a URL of the web', { '/s': new URL('http://h/') }, {}, /the path or the file: URL/],
    ['an unknown name', { '/s': '.' }, { cache: true }, /no option "cache"/],
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
