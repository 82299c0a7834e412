/** The frames of published messages: what each kind of connection gets, and that it is made once for all. */
import zlib from 'node:zlib';
import { expect } from 'chai';
import { publish } from '../../../lib/index.js';
import { frameFor } from '../../../lib/server/websocket/publication-frames.js';
import { Publication } from '../../../lib/topics.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { closeClients } from '../../support/web-socket-client.js';
import { MemberClient } from './members.js';
import { app } from './site.js';

const OFFERS = {
  plain: { perMessageDeflate: false },
  deflate: { perMessageDeflate: true },
  'deflate with a smaller window': { perMessageDeflate: { serverMaxWindowBits: 9 } },
};

const TEXTS = [0, 1, 125, 126, 1023, 1024, 65_535, 65_536, 300_000].map((length) =>
  'é…x'.repeat(length).slice(0, length),
);

describe('a published message', function () {
  this.timeout(60_000);

  afterEach(async () => {
    closeClients();
    await closeServers();
  });

  for (const [name, options] of Object.entries(OFFERS)) {
    it(`of any length comes as text or bytes: ${name}`, async () => {
      const server = await serveApp(app);
      const member = await MemberClient.connect(server.serverPort, options);
      await member.ask('join room');
      for (const text of TEXTS) {
        await publish('room', text);
        expect(await member.next()).to.equal(text);
        await publish('room', Buffer.from(text));
        expect(await member.next()).to.deep.equal(Buffer.from(text));
      }
    });
  }

  it('comes to connections that keep their context, in the order of what their handler sends', async () => {
    const server = await serveApp(app, { serverNoContextTakeover: false });
    const member = await MemberClient.connect(server.serverPort, { perMessageDeflate: true });
    await member.ask('join room');
    const text = 'the same again and again '.repeat(100);
    for (let i = 0; i < 50; i++) {
      await publish('room', `${i} ${text}`);
      expect(await member.next()).to.equal(`${i} ${text}`);
      await member.ask('nothing');
    }
  });

  it('goes after what the handler sends and is still being compressed', async () => {
    const server = await serveApp(async (environ) => {
      const websocket = environ['wsgi.websocket'];
      websocket?.subscribe('room');
      for (let i = 0; i < 20; i++) {
        void websocket?.send(`own ${i}`.padEnd(200_000, 'x'));
        void publish('room', `published ${i}`);
      }
      await websocket?.receive();
      return [];
    });
    const member = await MemberClient.connect(server.serverPort, { perMessageDeflate: true });
    for (let i = 0; i < 20; i++) {
      expect(String(await member.next()).slice(0, 9)).to.match(new RegExp(`^own ${i}x`));
      expect(await member.next()).to.equal(`published ${i}`);
    }
  });

  it('is one frame for all that can have the same', () => {
    const publication = new Publication('room', 'x'.repeat(2000));
    const deflate = (windowBits: number) =>
      ({ standsAlone: true, threshold: 1024, memLevel: 8, windowBits }) as Parameters<typeof frameFor>[1];
    const plain = frameFor(publication, undefined, true);
    expect(frameFor(publication, deflate(15), false)).to.equal(plain);
    const [first, second] = [
      frameFor(publication, deflate(15), true),
      frameFor(publication, deflate(15), true),
    ];
    expect(first).to.equal(second);
    expect(first).to.not.equal(plain);
    expect(first?.length).to.be.below(100);
    expect(frameFor(publication, deflate(9), true)).to.not.equal(first);
    const inflated = zlib.inflateRawSync(
      Buffer.concat([first?.subarray(2) ?? Buffer.alloc(0), Buffer.from([0, 0, 255, 255])]),
      {
        finishFlush: zlib.constants.Z_SYNC_FLUSH,
      },
    );
    expect(String(inflated)).to.equal(publication.message);
  });

  it('may be changed by its publisher afterwards', async () => {
    const server = await serveApp(app);
    const member = await MemberClient.join(server.serverPort, 'room');
    const bytes = Buffer.from('before');
    void publish('room', bytes);
    bytes.fill('x');
    expect(await member.next()).to.deep.equal(Buffer.from('before'));
  });
});
