/** WebSockets through the proxy of `record`: frames pass as they are, and messages come into the archive. */
import { createServer } from 'node:http';
import { constants, deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import { type WebSocket, WebSocketServer } from 'ws';
import { logger } from '../../../lib/logger.js';
import { closeClients, HANDSHAKE, WebSocketClient } from '../../support/web-socket-client.js';
import { answers, endRecordings, original, type Recorded, receives, recordingOf } from './setup.js';

const ACCEPTED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
const OPEN = ['GET /chat HTTP/1.1', 'Host: a', ...HANDSHAKE, '', ''].join('\r\n');

/** A frame of less than 64 KiB. @param key of the client, which masks. */
function frame(first: number, payload: Buffer | string, key?: Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const { length } = bytes;
  const mask = key === undefined ? 0 : 0x80;
  const size = length < 126 ? [mask | length] : [mask | 126, length >> 8, length & 255];
  const head = Buffer.from([first, ...size]);
  if (key === undefined) return Buffer.concat([head, bytes]);
  return Buffer.concat([head, key, bytes.map((byte, n) => byte ^ (key[n % 4] ?? 0))]);
}

/** As RFC 7692, section 7.2.1 wants it: without the empty block at its end. */
function deflated(text: string): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

describe('a WebSocket through the proxy of record', function () {
  this.timeout(60_000);
  let log: string;
  let servers: { close(): unknown }[];
  const stream = logger.stream;

  beforeEach(() => {
    log = '';
    servers = [];
    logger.stream = { write: (text: string) => (log += text) };
  });
  afterEach(async () => {
    logger.stream = stream;
    closeClients();
    for (const server of servers) server.close();
    await endRecordings();
  });

  /** A server of `ws`. */
  async function serverOf(
    onconnection: (socket: WebSocket) => void,
    perMessageDeflate = false,
  ): Promise<number> {
    const http = createServer();
    const server = new WebSocketServer({
      server: http,
      perMessageDeflate: perMessageDeflate && { threshold: 0 },
    });
    server.on('connection', onconnection);
    servers.push(server, http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return (http.address() as { port: number }).port;
  }

  /** A client that opens a WebSocket and says nothing, at its end. */
  async function heardOut(recorded: Recorded) {
    const peer = await recorded.connect();
    await peer.send(OPEN);
    await peer.until(() => peer.ended, 'the end');
    peer.destroy();
    return peer;
  }

  for (const deflate of [false, true]) {
    it(`has the messages of both sides in their order${deflate ? ', compressed ones with their context too' : ''}`, async () => {
      const port = await serverOf((socket) => {
        socket.on('message', (data, isBinary) => {
          socket.ping('ping');
          socket.send(data, { binary: isBinary });
        });
      }, deflate);
      const recorded = await recordingOf(port);
      const client = await WebSocketClient.connect(recorded.port, {
        perMessageDeflate: deflate && { threshold: 0 },
      });
      expect(client.client.extensions).to.equal(deflate ? 'permessage-deflate' : '');
      const long = 'repeat '.repeat(20_000);
      const messages = ['héllo héllo', Buffer.from([0, 1, 255]), long, long, ''];
      for (const message of messages) {
        client.client.send(message);
        expect(await client.next()).to.deep.equal(message);
      }
      expect(await client.close(4001, 'enough')).to.deep.equal({ code: 4001, reason: 'enough' });
      const { request, answer, conversation } = await recorded.exchange();
      expect(request.target).to.equal('/chat');
      expect(answer?.status).to.equal(101);
      expect(conversation).to.deep.include({
        closeCode: 4001,
        clientClose: { code: 4001, reason: 'enough' },
      });
      expect(conversation?.messages.map(({ from, data }) => [from, data])).to.deep.equal(
        messages.flatMap((message) => [
          ['client', message],
          ['server', message],
        ]),
      );
      expect(log).to.equal('');
    });
  }

  it('keeps the order in which messages came, however long each takes to inflate', async () => {
    const long = 'x'.repeat(32 * 1024 * 1024);
    const fromClient = frame(0xc1, deflated(long), Buffer.from([1, 2, 3, 4]));
    const fromServer = Buffer.concat([
      frame(0xc1, deflated('first')),
      frame(0x81, 'second'),
      frame(0x88, Buffer.from([3, 232])),
    ]);
    const accepted = ACCEPTED.replace(/\r\n$/, 'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n');
    const port = await original(async (wire) => {
      await receives(wire, /\r\n\r\n/);
      await wire.send(accepted);
      await wire.until(() => wire.raw.length === OPEN.length + fromClient.length, 'the long message');
      await wire.send(fromServer);
      wire.socket.end();
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send(OPEN);
    await peer.got(accepted);
    await peer.send(fromClient);
    await peer.until(() => peer.ended, 'the end');
    peer.destroy();
    const { conversation } = await recorded.exchange();
    expect(conversation?.messages.map(({ from, data }) => [from, data.length])).to.deep.equal([
      ['client', long.length],
      ['server', 'first'.length],
      ['server', 'second'.length],
    ]);
    expect(conversation).to.include({ closeCode: 1000 });
  });

  it('joins fragments, with control frames between them, however the bytes are cut', async () => {
    const key = Buffer.from([1, 2, 3, 4]);
    const fromClient = Buffer.concat([
      frame(0x01, 'a', key),
      frame(0x89, 'ping', key),
      frame(0x00, 'b', key),
      frame(0x80, 'c', key),
      frame(0x82, Buffer.from([255]), key),
    ]);
    const fromServer = Buffer.concat([
      frame(0x81, 'x'),
      frame(0x8a, 'ping'),
      frame(0x88, Buffer.from([3, 232])),
    ]);
    let got: Buffer = Buffer.alloc(0);
    const port = await original(async (wire) => {
      await receives(wire, /\r\n\r\n/);
      await wire.send(ACCEPTED);
      await wire.until(() => wire.raw.length === OPEN.length + fromClient.length, 'the frames');
      got = wire.raw.subarray(OPEN.length);
      await wire.send(fromServer);
      wire.socket.end();
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send(OPEN);
    await peer.got(ACCEPTED);
    await peer.sendApart([...fromClient].map((byte) => Buffer.from([byte])));
    await peer.until(() => peer.ended, 'the end');
    peer.destroy();
    expect(got).to.deep.equal(fromClient);
    expect(peer.raw.subarray(ACCEPTED.length)).to.deep.equal(fromServer);
    const { conversation } = await recorded.exchange();
    expect(conversation?.messages.map(({ from, data }) => [from, data])).to.deep.equal([
      ['client', 'abc'],
      ['client', Buffer.from([255])],
      ['server', 'x'],
    ]);
    expect(conversation?.closeCode).to.equal(1000);
    expect(conversation).to.not.have.property('clientClose');
  });

  it('says that the connection was lost where nobody closed it', async () => {
    const port = await serverOf((socket) => socket.on('message', () => socket.terminate()));
    const recorded = await recordingOf(port);
    const client = await WebSocketClient.connect(recorded.port);
    client.client.send('bye');
    expect(await client.closed).to.include({ code: 1006 });
    const { conversation } = await recorded.exchange();
    expect(conversation).to.include({ closeCode: 1006 });
    expect(conversation?.messages).to.have.length(1);
  });

  it('does not say how it was closed where the recording ended first', async () => {
    const port = await serverOf((socket) => socket.on('message', (data) => socket.send(data)));
    const recorded = await recordingOf(port);
    const client = await WebSocketClient.connect(recorded.port);
    client.client.send('one');
    await client.next();
    await recorded.recording.close(30);
    const { conversation } = await recorded.exchange();
    expect(conversation).to.include({ closeCode: 0 });
    expect(conversation?.messages).to.have.length(2);
  });

  it('records the ordinary answer that refuses it', async () => {
    const port = await answers('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send(OPEN);
    expect((await peer.response()).status).to.equal(403);
    const { answer, conversation } = await recorded.exchange();
    expect(answer?.status).to.equal(403);
    expect(conversation).to.equal(undefined);
  });

  it('passes on what breaks the protocol, and records what came before', async () => {
    const port = await original(async (wire) => {
      await receives(wire, /\r\n\r\n/);
      await wire.send(
        Buffer.concat([
          Buffer.from(ACCEPTED),
          frame(0x81, 'good'),
          Buffer.from([0x83, 0]),
          frame(0x81, 'bad'),
        ]),
      );
      wire.socket.end();
    });
    const recorded = await recordingOf(port);
    const peer = await heardOut(recorded);
    expect(peer.text).to.match(/bad$/);
    const { conversation } = await recorded.exchange();
    expect(conversation?.messages.map(({ data }) => data)).to.deep.equal(['good']);
    expect(log).to.match(/Of GET \/chat no more messages are recorded: .*opcode/);
  });

  it('passes on messages whose compression cannot be, and does not record them', async () => {
    const extension = 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99\r\n\r\n';
    const port = await original(async (wire) => {
      await receives(wire, /\r\n\r\n/);
      const head = Buffer.from(ACCEPTED.replace(/\r\n$/, extension));
      await wire.send(Buffer.concat([head, frame(0xc1, deflated('lost')), frame(0x81, 'end')]));
      wire.socket.end();
    });
    const recorded = await recordingOf(port);
    const peer = await heardOut(recorded);
    expect(peer.text).to.match(/end$/);
    expect((await recorded.exchange()).conversation?.messages).to.deep.equal([]);
    expect(log).to.match(/Of GET \/chat no more messages are recorded: .*server_max_window_bits=99/);
  });

  it('replaces secrets in messages', async () => {
    const port = await serverOf((socket) => socket.on('message', (data) => socket.send(`got ${data}`)));
    const recorded = await recordingOf(port);
    const client = await WebSocketClient.connect(recorded.port, {
      headers: { Cookie: 'sid=a1b2c3d4e5f6a7b8' },
    });
    client.client.send('{"user": "é", "password": "hunter2"}');
    expect(await client.next()).to.equal('got {"user": "é", "password": "hunter2"}');
    client.client.send('my session is a1b2c3d4e5f6a7b8');
    await client.next();
    await client.close(1000);
    const { conversation } = await recorded.exchange();
    expect(recorded.text).to.not.include('hunter2').and.to.not.include('a1b2c3d4e5f6a7b8');
    expect(conversation?.messages[0]?.data).to.match(
      /^\{"user": "é", "password": "redacted-password-\w{12}"\}$/,
    );
    expect(conversation?.messages[2]?.data).to.match(/^my session is redacted-sid-\w{12}$/);
  });
});
