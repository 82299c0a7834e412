/** lib/middleware/shared-data.ts on sockets. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { LeakWatch } from '../support/leaks.js';
import { exchange, Peer } from '../support/peer.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { MODIFIED, SharedSite } from './shared-site.js';

describe('sharedData over HTTP', () => {
  const site = new SharedSite();
  beforeEach(() => site.create());
  afterEach(async () => {
    await closeServers();
    site.remove();
  });

  it('leaves no file open, whether or not the client waits', async () => {
    writeFileSync(join(site.folder, 'public/large.bin'), Buffer.alloc(8 * 1024 * 1024, 7));
    const server = await serveApp(site.app());
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
        const peer = await Peer.connect(port);
        await peer.send('GET /static/large.bin HTTP/1.1\r\nHost: h\r\n\r\n');
        await peer.got('HTTP/1.1 200');
        peer.destroy();
      }),
    );
    await watch.end();
  });

  it('sends a file that grows meanwhile as long as it was, and says nothing of it', async () => {
    const log = join(site.folder, 'public/growing.log');
    writeFileSync(log, Buffer.alloc(4 * 1024 * 1024, 'a'));
    const { serverPort: port } = await serveApp(site.app());
    const said = await captureLog(async () => {
      const peer = await Peer.connect(port);
      await peer.send('GET /static/growing.log HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
      await peer.got('HTTP/1.1 200');
      appendFileSync(log, 'more');
      const [response] = (await peer.closed()).responses;
      expect([response?.body.length, response?.body.includes('more')]).to.deep.equal([
        4 * 1024 * 1024,
        false,
      ]);
    });
    expect(said).to.equal('');
  });
});
