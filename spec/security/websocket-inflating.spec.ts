/** What compression keeps of a WebSocket, and what inflated messages may hold in all connections together. */
import { constants, deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { ConfigError } from '../../lib/errors.js';
import { resolveOptions } from '../../lib/server/options/options.js';
import { InflateBudget } from '../../lib/server/websocket/inflater.js';
import { BINARY, CLOSE, codeOf, frame, RawWebSocket, TEXT } from '../support/frames.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { until } from '../support/until.js';

const MEGABYTE = 1 << 20;
const RSV1 = { rsv: 4 };
const offer = { headers: ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'] };

function compressed(bytes: Buffer): Buffer {
  return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

const echo: Application = async (environ) => {
  const websocket = environ['wsgi.websocket'];
  for await (const message of websocket ?? []) await websocket?.send(message);
  return [];
};

describe('compression of WebSockets', () => {
  afterEach(closeServers);

  it('keeps no context of either side, and leaves short messages as they are', async () => {
    const server = await serveApp(echo, {});
    const client = await RawWebSocket.connect(server.serverPort, offer);
    expect(client.head).to.contain('server_no_context_takeover').and.contain('client_no_context_takeover');
    await client.send(frame(TEXT, compressed(Buffer.from('hello')), RSV1));
    expect((await client.next())[0]).to.deep.include({ rsv: 0, payload: Buffer.from('hello') });
    await client.send(frame(TEXT, 'a'.repeat(1024)));
    expect((await client.next())[0]).to.deep.include({ rsv: 4 });
    client.destroy();
  });

  it('follows its options', async () => {
    const server = await serveApp(echo, {
      deflateThreshold: 3,
      deflateMemLevel: 1,
      serverMaxWindowBits: 10,
      clientNoContextTakeover: false,
    });
    const client = await RawWebSocket.connect(server.serverPort, offer);
    expect(client.head).to.contain('server_max_window_bits=10').and.not.contain('client_no_context');
    await client.send(frame(TEXT, 'abc'));
    expect((await client.next())[0]).to.deep.include({ rsv: 4 });
    client.destroy();
  });

  it('declines a client whose window it would pass', async () => {
    const server = await serveApp(echo, { serverMaxWindowBits: 12 });
    const headers = ['Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10'];
    const client = await RawWebSocket.connect(server.serverPort, { headers });
    expect(client.head)
      .to.match(/^HTTP\/1.1 101 /)
      .and.not.contain('permessage-deflate');
    client.destroy();
  });

  it('refuses settings that cannot work', () => {
    expect(() => resolveOptions({ deflateMemLevel: 0 })).to.throw(ConfigError, 'deflateMemLevel');
    expect(() => resolveOptions({ serverMaxWindowBits: 8 })).to.throw(ConfigError, '9 to 15');
    expect(() =>
      resolveOptions({ websocketMaxMessage: MEGABYTE, websocketInflateBuffer: MEGABYTE - 1 }),
    ).to.throw(ConfigError, 'must not be above websocketInflateBuffer');
    expect(resolveOptions({ websocketMaxMessage: 100 * MEGABYTE }).websocketInflateBuffer).to.equal(
      100 * MEGABYTE,
    );
  });

  for (const whole of [true, false]) {
    it(`closes with 1013 what holds too much, in ${whole ? 'whole messages' : 'fragments'}`, async () => {
      let go = false;
      const heard: number[] = [];
      const app: Application = async (environ) => {
        const websocket = environ['wsgi.websocket'];
        websocket?.accept();
        await until(() => go);
        for await (const message of websocket ?? []) heard.push(message.length);
        return [];
      };
      const server = await serveApp(app, {
        websocketMaxMessage: MEGABYTE,
        websocketInflateBuffer: 2 * MEGABYTE,
      });
      const message = frame(BINARY, compressed(Buffer.alloc(MEGABYTE)), { ...RSV1, fin: whole });
      const clients: RawWebSocket[] = [];
      const log = await captureLog(async () => {
        for (let i = 0; i < 5; i++) {
          const client = await RawWebSocket.connect(server.serverPort, offer);
          clients.push(client);
          await client.send(message);
        }
        // Those that are inflated at the same time may take the room from each other.
        await until(() => refused(clients) >= 3, 'three closes');
      });
      expect(String(log).split('websocket-inflate-buffer')).to.have.length(2);
      go = true;
      if (whole) await until(() => heard.length + refused(clients) === 5, 'the other messages');
      for (const client of clients) client.destroy();
      // All of it was given back.
      await until(async () => {
        const client = await RawWebSocket.connect(server.serverPort, offer);
        await client.send(frame(BINARY, compressed(Buffer.alloc(MEGABYTE)), RSV1));
        const before = heard.length;
        await until(() => heard.length > before || client.frames.length > 0);
        client.destroy();
        return heard.length > before;
      }, 'room again');
    });
  }
});

describe('InflateBudget', () => {
  it('has no end when its limit is 0', () => {
    expect(new InflateBudget(0).take(Number.MAX_SAFE_INTEGER)).to.equal(true);
  });
});

function refused(clients: readonly RawWebSocket[]): number {
  return clients.filter(({ frames }) => frames.some(isTryLater)).length;
}

function isTryLater(one: RawWebSocket['frames'][number]): boolean {
  return one.opcode === CLOSE && codeOf(one) === 1013;
}
