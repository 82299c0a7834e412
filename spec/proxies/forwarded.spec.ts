/** What environ says of a client that is behind a proxy. */
import { join } from 'node:path';
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { makeServer, type Server } from '../../lib/server/server.js';
import { answer } from '../support/answer.js';
import { closeServers, serveApp } from '../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { CLIENT, get } from './client.js';
import { behindProxies, killProxies } from './proxy.js';

const KEYS = ['REMOTE_ADDR', 'SERVER_PORT', 'HTTP_HOST', 'HTTP_X_FORWARDED_FOR', 'wsgi.url_scheme'];

const app: Application = (environ, start_response) => {
  const told = KEYS.map((key) => [key, Reflect.get(environ, key)]);
  return answer(
    start_response,
    JSON.stringify({ ...Object.fromEntries(told), port: 'REMOTE_PORT' in environ }),
  );
};

async function ask(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  const { status, text } = await get(url, { headers });
  expect(status, text).to.equal(200);
  return JSON.parse(text);
}

/** What a client may try. */
const LIES = {
  'X-Forwarded-For': '6.6.6.6',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'evil.example',
  'X-Forwarded-Port': '666',
  'X-Forwarded-Ssl': 'on',
};

behindProxies('environ', (start) => {
  let local: Server | undefined;

  afterEach(async () => {
    await killProxies();
    await closeServers();
    await local?.close();
    local = undefined;
    removeTemporaryFolders();
  });

  it('tells of the client when the proxy is trusted', async () => {
    const { serverPort } = await serveApp(app, { forwardedAllowIps: ['127.0.0.1'] });
    const { url, port } = await start({ at: serverPort });
    expect(await ask(url)).to.deep.equal({
      REMOTE_ADDR: CLIENT,
      SERVER_PORT: String(port),
      HTTP_HOST: `127.0.0.1:${port}`,
      HTTP_X_FORWARDED_FOR: CLIENT,
      'wsgi.url_scheme': 'http',
      port: false,
    });
  });

  it('tells of https, which ends at the proxy', async () => {
    const { serverPort } = await serveApp(app, { forwardedAllowIps: ['127.0.0.1'] });
    const { tlsPort } = await start({ at: serverPort });
    expect(await ask(`https://127.0.0.1:${tlsPort}/`)).to.include({
      REMOTE_ADDR: CLIENT,
      SERVER_PORT: String(tlsPort),
      HTTP_HOST: `127.0.0.1:${tlsPort}`,
      'wsgi.url_scheme': 'https',
    });
  });

  it('trusts nothing that the client itself says', async () => {
    const { serverPort } = await serveApp(app, { forwardedAllowIps: ['127.0.0.1'] });
    const { url, port } = await start({ at: serverPort });
    const told = await ask(url, LIES);
    expect(told).to.include({ REMOTE_ADDR: CLIENT, SERVER_PORT: String(port), 'wsgi.url_scheme': 'http' });
    expect(told).to.include({ HTTP_HOST: `127.0.0.1:${port}` });
    expect(told)
      .to.have.property('HTTP_X_FORWARDED_FOR')
      .that.matches(/^6\.6\.6\.6, ?127\.0\.0\.2$/);
  });

  it('tells of the proxy when it is not trusted', async () => {
    const { serverPort } = await serveApp(app);
    const { url, port } = await start({ at: serverPort });
    expect(await ask(url)).to.deep.equal({
      REMOTE_ADDR: '127.0.0.1',
      SERVER_PORT: String(serverPort),
      HTTP_HOST: `127.0.0.1:${port}`,
      HTTP_X_FORWARDED_FOR: CLIENT,
      'wsgi.url_scheme': 'http',
      port: true,
    });
  });

  it('trusts no client that goes around the proxy', async () => {
    const { serverPort } = await serveApp(app, { forwardedAllowIps: ['127.0.0.1'] });
    const told = await ask(`http://127.0.0.1:${serverPort}/`, LIES);
    expect(told).to.include({ REMOTE_ADDR: CLIENT, HTTP_HOST: `127.0.0.1:${serverPort}` });
    expect(told).to.include({ SERVER_PORT: String(serverPort), 'wsgi.url_scheme': 'http', port: true });
  });

  it('tells of the client over a Unix socket', async () => {
    const path = join(temporaryFolder(), 'wsgi.sock');
    local = await makeServer(`unix:${path}`, 0, app, { forwardedAllowIps: ['127.0.0.1'] });
    const { tlsPort } = await start({ at: path });
    expect(await ask(`https://127.0.0.1:${tlsPort}/`)).to.include({
      REMOTE_ADDR: CLIENT,
      SERVER_PORT: String(tlsPort),
      'wsgi.url_scheme': 'https',
      port: false,
    });
  });

  it('has no address at all over a Unix socket that trusts no one', async () => {
    const path = join(temporaryFolder(), 'wsgi.sock');
    local = await makeServer(`unix:${path}`, 0, app);
    const { url } = await start({ at: path });
    expect(await ask(url)).to.include({ REMOTE_ADDR: '', SERVER_PORT: '80', 'wsgi.url_scheme': 'http' });
  });
});
