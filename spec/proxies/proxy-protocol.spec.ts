/** haproxy sends the client's address ahead of the connection, in both versions of the PROXY protocol, also before TLS. */
import { join } from 'node:path';
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { answer } from '../support/answer.js';
import { findProgram, requireProgram } from '../support/program.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { TLS } from '../support/tls.js';
import { until } from '../support/until.js';
import { CLIENT, get } from './client.js';
import { freePorts, killProxies, ProxyServer } from './proxy.js';

const app: Application = (environ, start_response) => {
  const { REMOTE_ADDR, PROXY_PROTOCOL, PROXY_PORT } = environ;
  return answer(start_response, JSON.stringify({ REMOTE_ADDR, PROXY_PROTOCOL, PROXY_PORT }));
};

const expected = (port: number) => ({
  REMOTE_ADDR: CLIENT,
  PROXY_PROTOCOL: 'TCP4',
  PROXY_PORT: String(port),
});

/** Passes connections on as they are: its first port with version 1, its second with version 2; both check the server. */
async function start(server: number): Promise<ProxyServer> {
  const [port, tlsPort] = await freePorts();
  const configuration = `
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen first
  bind 127.0.0.1:${port}
  server app 127.0.0.1:${server} send-proxy check inter 100
listen second
  bind 127.0.0.1:${tlsPort}
  server app 127.0.0.1:${server} send-proxy-v2 check inter 100
`;
  const folder = temporaryFolder({ 'proxy.conf': configuration });
  const places = { port, tlsPort, folder, certificate: '', upstreams: [] };
  const proxy = new ProxyServer(places, findProgram('haproxy') as string, [
    '-db',
    '-f',
    join(folder, 'proxy.conf'),
  ]);
  await proxy.listening();
  return proxy;
}

describe('the PROXY protocol, as haproxy sends it', () => {
  before(function () {
    requireProgram('haproxy', this);
  });

  afterEach(async () => {
    await killProxies();
    await closeServers();
    removeTemporaryFolders();
  });

  it('names the client, and its health checks leave nothing in the log', async () => {
    const log = await captureLog(async () => {
      const server = await serveApp(app, { proxyProtocol: 'auto' });
      let connections = 0;
      server.http.on('connection', () => connections++);
      const { port, tlsPort } = await start(server.serverPort);
      for (const one of [port, tlsPort]) {
        const { text } = await get(`http://127.0.0.1:${one}/`);
        expect(JSON.parse(text)).to.deep.equal(expected(one));
      }
      await until(() => connections > 8, 'some health checks');
    });
    expect(log).to.equal('');
  });

  it('comes before TLS', async () => {
    const { serverPort } = await serveApp(app, { proxyProtocol: 'auto', ...TLS });
    const { port, tlsPort } = await start(serverPort);
    for (const one of [port, tlsPort]) {
      const { text } = await get(`https://127.0.0.1:${one}/`);
      expect(JSON.parse(text)).to.deep.equal(expected(one));
    }
  });
});
