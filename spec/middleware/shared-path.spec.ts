import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { sharedData } from '../../lib/middleware/index.js';
import { call, environOf } from '../support/call.js';
import { exchange } from '../support/peer.js';
import { closeServers, serveApp } from '../support/serve.js';
import { APP, SharedSite } from './shared-site.js';

describe('sharedData and paths', () => {
  const site = new SharedSite();
  beforeEach(() => site.create());
  afterEach(async () => {
    await closeServers();
    site.remove();
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
      expect((await site.get(path)).text).to.equal('app');
    });
  }

  it('E-151: serves no traversal that a client sends, escaped or not', async () => {
    const { serverPort: port } = await serveApp(site.app());
    for (const path of [
      '/static/../secret.txt',
      '/static/%2e%2e/secret.txt',
      '/static/..%2fsecret.txt',
      '/static/%2e%2e%5csecret.txt',
      '/static/%2E%2E/%2e%2e/etc/passwd',
      '/static/%252e%252e/secret.txt',
      '/static/%c0%ae%c0%ae/secret.txt',
      '/static//secret.txt',
      '/static/docs/..%00/../secret.txt',
      '/static/%2egit/config',
    ]) {
      const { responses } = await exchange({ port, send: `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n` });
      expect(responses[0]?.status, path).to.equal(404);
    }
  });

  it('leaves what is neither file nor folder to the application, at once', async function () {
    if (process.platform === 'win32') this.skip();
    execFileSync('mkfifo', [join(site.folder, 'public/fifo')]);
    expect((await site.get('/static/fifo')).text).to.equal('app');
  });

  it('E-151: serves a name with dots inside', async () => {
    expect((await site.get('/static/a..b.txt')).text).to.equal('dots');
  });

  it('serves links that stay inside, and others if it is told to', async () => {
    expect((await site.get('/static/in.txt')).text).to.equal('0123456789');
    expect((await site.get('/static/out.txt', {}, { followLinks: true })).text).to.equal('secret');
    expect((await site.get('/static/up/secret.txt', {}, { followLinks: true })).text).to.equal('secret');
  });

  it('serves from a folder that is itself a link', async () => {
    symlinkSync('public', join(site.folder, 'current'));
    const app = sharedData(APP, { '/': join(site.folder, 'current') });
    expect((await call(app, environOf('/a.txt'))).text).to.equal('0123456789');
    expect((await call(app, environOf('/out.txt'))).text).to.equal('app');
  });

  it('serves dot files if it is told to, but never ..', async () => {
    expect((await site.get('/static/.git/config', {}, { dotFiles: true })).text).to.equal('hidden');
    expect((await site.get('/static/../secret.txt', {}, { dotFiles: true })).text).to.equal('app');
  });
});
