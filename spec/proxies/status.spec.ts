/** The status of a server behind a proxy: its clients do not get it, whatever they say and however they write the path. */
import { expect } from 'chai';
import { answer } from '../support/answer.js';
import { closePeers, Peer, request } from '../support/peer.js';
import { closeServers, serveApp } from '../support/serve.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { PREFIX } from './configurations.js';
import { behindProxies, killProxies, type ProxyServer } from './proxy.js';

const PATH = '/-/status';
/** What a client may try. */
const LIES = ['X-Forwarded-For: 127.0.0.1', 'X-Real-IP: 127.0.0.1', 'Forwarded: for=127.0.0.1'];
const TARGETS = [
  PATH,
  `${PREFIX}${PATH}`,
  `${PATH}?a=b`,
  '/-/%73tatus',
  '//-/status',
  '/a/../-/status',
  `http://a${PATH}`,
];

behindProxies('the status of a server', (start) => {
  let proxy: ProxyServer;
  let direct = '';
  before(async function () {
    this.timeout(60_000);
    const app = (_environ: unknown, start_response: Parameters<typeof answer>[0]) =>
      answer(start_response, 'the site');
    // The worst case: everybody may read it, so that only the proxy keeps clients from it.
    const server = await serveApp(app, { statusPath: PATH, statusAllowIps: ['*'] });
    direct = `http://127.0.0.1:${server.serverPort}`;
    proxy = await start({ at: server.serverPort });
  });
  after(async () => {
    closePeers();
    await killProxies();
    await closeServers();
    removeTemporaryFolders();
  });

  it('is there for whoever asks the server itself', async () => {
    expect(await (await fetch(direct + PATH)).text()).to.include('"uptime"');
  });

  it('is not there for clients of the proxy', async () => {
    expect((await fetch(proxy.url + PATH)).status).to.equal(404);
    expect((await fetch(proxy.url + PREFIX + PATH)).status).to.equal(404);
    for (const target of TARGETS) {
      const peer = await Peer.connect(proxy.port);
      await peer.send(request(target, { headers: LIES }));
      const { status, body } = await peer.response();
      expect(String(body), target).not.to.include('uptime');
      expect(status === 404 || String(body) === 'the site', `${target}: ${status} ${body}`).to.equal(true);
    }
  });

  it('does not hide the site', async () => {
    expect(await (await fetch(`${proxy.url}/`)).text()).to.equal('the site');
  });
});
