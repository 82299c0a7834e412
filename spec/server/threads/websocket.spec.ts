/** WebSockets whose handlers block. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { frame, PING, RawWebSocket, TEXT } from '../../support/frames.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';
import { SharedLog, Threads } from './support.js';

describe('a WebSocket whose handler blocks', () => {
  let threads: Threads;
  let log: SharedLog;
  before(async () => {
    log = new SharedLog();
    threads = await Threads.start({ threads: 3, errorLogfile: log.errorLogfile });
  });
  beforeEach(() => threads.clear());
  afterEach(closeClients);
  after(() => threads.stop());

  const connect = (path: string, protocols: string[] = []) =>
    WebSocketClient.connect(threads.port, { path, protocols });

  it('gives back text and bytes, of all sizes, compressed or not', async () => {
    const client = await connect('/ws-echo');
    for (const size of [0, 1, 65_536, 65_537, 300_000, 1_048_577]) {
      client.client.send('t'.repeat(size));
      expect(await client.next()).to.equal('t'.repeat(size));
      const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7) % 256));
      client.client.send(bytes, { compress: size % 2 === 0 });
      expect(bytes.equals((await client.next()) as Buffer), `${size} bytes`).to.equal(true);
    }
  });

  it('keeps the order of many that are under way', async () => {
    const client = await connect('/ws-echo');
    for (let i = 0; i < 500; i++) client.client.send(`message ${i}`);
    for (let i = 0; i < 500; i++) expect(await client.next()).to.equal(`message ${i}`);
  });

  it('answers the first subprotocol that it supports', async () => {
    const client = await connect('/ws-echo', ['other', 'chat']);
    expect(client.client.protocol).to.equal('chat');
  });

  it('sees null once when the peer closes, with code and reason, and an error after that', async () => {
    const client = await connect('/ws-echo');
    client.client.send('hi');
    await client.next();
    expect(await client.close(4000, 'bye')).to.deep.equal({ code: 4000, reason: 'bye' });
    await threads.wrote('ended 4000 bye');
    await threads.wrote('threw WebSocketError');
  });

  it('knows how it ends as soon as the peer has closed, before what came first is received', async () => {
    const client = await connect('/ws-ending');
    for (const message of ['first', 'second']) client.client.send(message);
    client.client.close(4000, 'bye');
    await threads.wrote('ended 4000 bye undefined');
    expect(threads.record).to.deep.equal([
      'knows 4000 bye undefined',
      'then received second',
      'ended 4000 bye undefined',
    ]);
  });

  it('knows at once that the peer broke the protocol, or vanished', async () => {
    const broken = await connect('/ws-ending');
    broken.client.send('first');
    // A frame with a reserved bit (RFC 6455 section 5.2).
    (broken.client as unknown as { _socket: Socket })._socket.write(Buffer.from([0xf1, 0x80, 0, 0, 0, 0]));
    await threads.wrote('knows 1006  ProtocolError');
    await threads.wrote('ended 1006  ProtocolError');
    expect(threads.record).to.include.members(['knows 1006  ProtocolError', 'ended 1006  ProtocolError']);
    threads.clear();
    const gone = await connect('/ws-ending');
    gone.client.send('first');
    gone.client.terminate();
    await threads.wrote('knows 1006  undefined');
    expect(threads.record).to.include('knows 1006  undefined');
  });

  it('closes with a code, and with 1011 when the handler throws', async () => {
    const closed = await connect('/ws-close');
    expect(await closed.closed).to.deep.equal({ code: 4001, reason: 'enough' });
    const failed = await connect('/ws-throw');
    expect((await failed.closed).code).to.equal(1011);
  });

  it('may be refused before it opens', async () => {
    const client = new WebSocketClient(threads.port, { path: '/ws-refuse' });
    const [, response] = (await once(client.client, 'unexpected-response')) as [
      unknown,
      { statusCode: number },
    ];
    expect(response.statusCode).to.equal(403);
    expect(await threads.text('/ws-echo'), 'an ordinary request').to.equal('no WebSocket');
  });

  it('waits no longer than receive() is told to', async () => {
    const client = await connect('/ws-timeout');
    await threads.wrote('timed out', 2);
    client.client.send('here');
    expect(await client.next()).to.equal('late: here');
    expect((await client.closed).code).to.equal(1000);
  });

  it('sends headers of the application with the 101, however long', async () => {
    for (const more of [0, 6000]) {
      const path = `/ws-headers?${more}`;
      const client = new WebSocketClient(threads.port, { path, protocols: ['chat'] });
      const [{ rawHeaders }] = (await once(client.client, 'upgrade')) as [{ rawHeaders: string[] }];
      expect(rawHeaders.slice(-4)).to.deep.equal([
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        `b=\xe9${'x'.repeat(more)}`,
      ]);
      expect(rawHeaders).to.include('chat');
    }
    const refused =
      'ApplicationError: The header Sec-WebSocket-Accept is part of the handshake: only the server may send it';
    await threads.wrote(refused, 2);
  });

  it('sends pings, in order with messages', async () => {
    const client = await RawWebSocket.connect(threads.port, { path: '/ws-ping' });
    const frames = await client.next(2);
    expect(frames.map(({ opcode, payload }) => [opcode, String(payload)])).to.deep.equal([
      [PING, 'are you there'],
      [TEXT, 'sent'],
    ]);
    client.destroy();
  });

  it('tells how much waits for a peer that does not read', async () => {
    const client = await RawWebSocket.connect(threads.port, { path: '/ws-buffered', paused: true });
    await threads.wrote('filled true');
    client.socket.resume();
    await client.next();
    await client.send(frame(TEXT, 'got it'));
    await threads.wrote('taken 0');
    expect(threads.record).to.deep.equal(['empty 0', 'filled true', 'taken 0']);
    client.destroy();
  });

  it('blocks in close() until the peer has answered, or has vanished', async () => {
    const answers = await connect('/ws-close-wait');
    expect(await answers.closed).to.deep.equal({ code: 4001, reason: 'enough' });
    await threads.wrote('closed 4001 enough');
    threads.clear();
    const silent = await RawWebSocket.connect(threads.port, { path: '/ws-close-wait' });
    await silent.next();
    await threads.wrote('closing');
    expect(threads.record).to.deep.equal(['closing']);
    silent.destroy();
    await threads.wrote('closed 1006 ');
  });

  it('makes send() wait for a peer that does not read, and fail once that has vanished', async () => {
    const client = await connect('/ws-flood');
    client.client.pause();
    await threads.wrote('flooding');
    const before = log.text;
    client.client.terminate();
    await threads.wrote('send threw true');
    expect(await threads.text('/hello')).to.equal('hello');
    expect(log.text).to.equal(before);
  });

  it('wakes a handler that sleeps when its peer vanishes', async () => {
    const client = await connect('/ws-sleep');
    await threads.wrote('sleeping');
    client.client.terminate();
    await threads.wrote('sleep threw true');
    expect(await threads.text('/hello')).to.equal('hello');
  });

  it('lets a handler sleep after its own close', async () => {
    await connect('/ws-sleep-closed');
    await threads.wrote('slept after its own close');
    expect(threads.record).to.include('slept after its own close');
  });

  it('cannot be opened after start_response', async () => {
    await connect('/ws-started').catch(() => {});
    await threads.wrote('receive threw true');
    expect(threads.record).to.include('receive threw true');
  });
});
