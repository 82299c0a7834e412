/** examples/dispatcher.ts behind a proxy: three applications below a prefix, and the URLs that they build. */
import { once } from 'node:events';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { Example } from '../examples/example.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { CLIENT, get, open } from './client.js';
import { PREFIX } from './configurations.js';
import { behindProxies, killProxies, type ProxyServer } from './proxy.js';

/** What a client may try. */
const LIES = {
  'X-Forwarded-For': '6.6.6.6',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'evil.example',
  'X-Forwarded-Prefix': '//evil.example',
};

behindProxies('a site of three applications', (start) => {
  let example: Example;
  let proxy: ProxyServer;

  before(async function () {
    this.timeout(60_000);
    example = await Example.start('dispatcher');
    proxy = await start({ at: Number(new URL(example.url).port) });
  });

  after(async () => {
    await killProxies();
    await example?.end();
    removeTemporaryFolders();
  });

  const schemes: [scheme: string, url: () => string][] = [
    ['http', () => proxy.url],
    ['https', () => `https://127.0.0.1:${proxy.tlsPort}`],
  ];

  for (const [scheme, url] of schemes) {
    describe(`over ${scheme}`, () => {
      it('knows the client and its own place, at the root', async () => {
        expect((await get(`${url()}/`)).text).to.equal(`${CLIENT} is at ${url()}/\n`);
        expect((await get(`${url()}/blog/a//b?c=d`)).text).to.match(
          new RegExp(`^a post of ${url()}/blog/a/+b\\?c=d\n$`),
        );
      });

      it('knows its own place below a prefix', async () => {
        const site = url() + PREFIX;
        expect((await get(`${site}/`)).text).to.equal(`${CLIENT} is at ${site}\n`);
        expect((await get(`${site}/blog/caf%C3%A9?c=d`)).text).to.equal(
          `a post of ${site}/blog/caf%C3%A9?c=d\n`,
        );
        expect((await get(`${site}/blog/chat`)).text).to.equal(
          `open ${site.replace('http', 'ws')}/blog/chat\n`,
        );
      });

      it('redirects to what a client can follow', async () => {
        const sent = open(`${url()}${PREFIX}/blog/latest`).end();
        const [response] = await once(sent, 'response');
        response.resume();
        const location: string = response.headers.location;
        expect([response.statusCode, location]).to.deep.equal([302, `${url()}${PREFIX}/blog/2024`]);
        expect((await get(location)).text).to.equal(`a post of ${location}\n`);
      });

      it('welcomes a WebSocket at the URL that it names', async () => {
        const { text } = await get(`${url()}${PREFIX}/blog/chat`);
        const address = text.slice('open '.length).trim();
        const socket = new WebSocket(address, { rejectUnauthorized: false, localAddress: CLIENT });
        const [message] = await once(socket, 'message');
        expect(String(message)).to.equal(`welcome to ${address}`);
        await once(socket, 'close');
      });

      it('trusts nothing that the client itself says', async () => {
        expect((await get(`${url()}/`, { headers: LIES })).text).to.equal(`${CLIENT} is at ${url()}/\n`);
        const below = await get(`${url()}${PREFIX}/`, { headers: LIES });
        expect(below.text).to.equal(`${CLIENT} is at ${url()}${PREFIX}\n`);
      });
    });
  }
});
