/** lib/porting/record/rewrite.ts: what a client says of itself does not reach the original with `--forwarded`, however it is sent. */
import { expect } from 'chai';
import type { Wire } from '../../../lib/conformance/wire.js';
import { logger } from '../../../lib/logger.js';
import type { Peer } from '../../support/peer.js';
import { until } from '../../support/until.js';
import { answers, endRecordings, original, type Recorded, receives, recordingOf } from './setup.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const OWN = 'X-Forwarded-For: 6.6.6.6\r\nx-forwarded-host: evil\r\nX_Forwarded_Proto: https\r\n';
const SECOND = `GET /second HTTP/1.1\r\nHost: a\r\n${OWN}\r\n`;

describe('wsgi record --forwarded', () => {
  const { stream } = logger;
  let log: string;
  let wire: Wire | undefined;

  beforeEach(() => {
    log = '';
    logger.stream = { write: (line) => (log += line) };
    wire = undefined;
  });

  afterEach(async () => {
    await endRecordings();
    logger.stream = stream;
  });

  /** An original that answers every request that is complete by its empty line. */
  async function connect(): Promise<{ recorded: Recorded; peer: Peer }> {
    const port = await original(async (one) => {
      wire = one;
      await receives(one, /\r\n\r\n/);
      await one.send(OK);
    });
    const recorded = await recordingOf(port, { forwarded: true });
    return { recorded, peer: await recorded.connect() };
  }

  it("has its own in place of the client's", async () => {
    const { peer } = await connect();
    await peer.send(`GET / HTTP/1.1\r\nHost: a\r\n${OWN}\r\n`);
    await peer.response();
    expect(wire?.text).to.equal(
      'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n\r\n',
    );
  });

  for (const [what, text] of [
    ['is no HTTP/1', 'PRI * HTTP/2.0\r\n\r\n'],
    ['has a line without a colon', 'GET / HTTP/1.1\r\nno field\r\n\r\n'],
    ['has a coding that is not known', 'POST / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n'],
    ['has chunks in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['has two lengths', 'POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na'],
    ['has a CR in a field', 'GET / HTTP/1.1\r\nX-A: a\rX-Forwarded-For: 6.6.6.6\r\n\r\n'],
    ['would open a tunnel', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['begins with something else', '\x16\x03\x01'],
  ] as const) {
    it(`refuses a request that ${what}, and what follows it`, async () => {
      const { peer, recorded } = await connect();
      await peer.send(text + SECOND);
      await peer.until(() => peer.ended, 'the end');
      expect(peer.text).to.match(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*This request cannot be read: /);
      expect(wire).to.equal(undefined);
      expect(log).to.include('A request is refused: ');
      expect(recorded.recording.count).to.equal(0);
    });
  }

  it('answers what came before such a request first', async () => {
    const { peer, recorded } = await connect();
    await peer.send(`GET /first HTTP/1.1\r\nHost: a\r\n\r\nno HTTP\r\n\r\n${SECOND}`);
    await peer.until(() => peer.ended, 'the end');
    expect(peer.text).to.match(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nokHTTP\/1\.1 400 /);
    expect(wire?.text).to.not.include('second');
    expect((await recorded.exchange()).request.target).to.equal('/first');
  });

  it('cuts a body that cannot be read, and passes nothing after it', async () => {
    const { peer, recorded } = await connect();
    await peer.send(`POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`);
    await until(() => wire?.text.endsWith('ok\r\n') === true, 'the first chunk');
    await peer.send(`zz\r\n${SECOND}`);
    await until(() => wire?.ended === true, 'the end of the request');
    expect(wire?.text)
      .to.match(/ok\r\n$/)
      .and.not.include('second');
    wire?.socket.end();
    expect((await recorded.exchange()).request.body).to.include({ cut: true });
  });

  it('has one end of a body: that of its chunks', async () => {
    const { peer } = await connect();
    const head = 'POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n';
    await peer.send(`${head}0\r\n\r\n${SECOND}`);
    await until(() => wire?.text.includes('second') === true, 'the second');
    expect(wire?.text).to.not.match(/content-length|6\.6\.6\.6/i);
  });

  it('offers an upgrade to a WebSocket alone, and no part of a head', async () => {
    const { peer } = await connect();
    await peer.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    await peer.response();
    expect(wire?.text).to.not.match(/^upgrade:/im);
    await peer.send(SECOND.slice(0, -2));
    peer.halfClose();
    await until(() => wire?.ended === true, 'the end');
    expect(wire?.text).to.not.include('second');
  });
});

describe('wsgi record', () => {
  const { stream } = logger;
  beforeEach(() => {
    logger.stream = { write: () => {} };
  });
  afterEach(async () => {
    await endRecordings();
    logger.stream = stream;
  });

  it('passes what follows the 101 to an upgrade with a body', async () => {
    const port = await answers(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n',
      async (wire) => {
        await receives(wire, /no head$/);
        wire.socket.end('got it');
      },
    );
    const peer = await (await recordingOf(port)).connect();
    await peer.send('POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: foo\r\nContent-Length: 1\r\n\r\nx');
    await peer.until(() => peer.text.includes('101'), 'the 101');
    await peer.send('no head');
    await peer.until(() => peer.text.endsWith('got it'), 'the answer');
  });

  it('goes on after an upgrade whose answer it cannot read', async () => {
    const port = await answers('HTTP/1.1 2OO OK\r\n\r\n', async (wire) => {
      await receives(wire, /second/);
      wire.socket.end('got it');
    });
    const peer = await (await recordingOf(port)).connect();
    await peer.send('GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n');
    await peer.until(() => peer.text.includes('2OO'), 'the answer');
    await peer.send('GET /second HTTP/1.1\r\n\r\n');
    await peer.until(() => peer.text.endsWith('got it'), 'the second answer');
  });
});
