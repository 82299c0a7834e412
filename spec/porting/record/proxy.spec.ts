/** The proxy of `record`, on the wire: what the original and the client get, byte by byte, and what the archive has of it. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { logger } from '../../../lib/logger.js';
import { Peer } from '../../support/peer.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { TLS } from '../../support/tls.js';
import { until } from '../../support/until.js';
import { bytesOf, textOf, valueIn } from '../archive/exchanges.js';
import { answers, endRecordings, original, receives, recordingOf } from './setup.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('the proxy of record', function () {
  this.timeout(60_000);
  let log: string;
  const stream = logger.stream;

  beforeEach(() => {
    log = '';
    logger.stream = { write: (text: string) => (log += text) };
  });
  afterEach(async () => {
    logger.stream = stream;
    await endRecordings();
  });

  it('passes both heads as they are: target, order, case, repeated fields, spaces, bytes above ASCII', async () => {
    let got = '';
    const answer =
      'HTTP/1.1 299 Sure thing\r\nX-b: 2\r\nset-COOKIE: a=1\r\nX-B:1\r\nSet-Cookie: b=2\r\nX-C: \xe9\r\ncontent-length: 0\r\n\r\n';
    const port = await original(async (wire) => {
      await receives(wire, /\r\n\r\n/);
      got = wire.text;
      await wire.send(Buffer.from(answer, 'latin1'));
    });
    const recorded = await recordingOf(port, { redact: false });
    const peer = await recorded.connect();
    const request =
      'PURGE /a//../%7e?x=%20&\xe9 HTTP/1.1\r\nhOST: Other.Example\r\nX-a:1\r\nx-A:  2 \r\nAccept:\r\n\r\n';
    await peer.send(Buffer.from(request, 'latin1'));
    await peer.response();
    expect(got).to.equal(request);
    expect(peer.text).to.equal(answer);
    const exchange = await recorded.exchange();
    expect(exchange.request).to.deep.include({
      method: 'PURGE',
      target: '/a//../%7e?x=%20&\xe9',
      fields: [
        ['hOST', 'Other.Example'],
        ['X-a', '1'],
        ['x-A', '2'],
        ['Accept', ''],
      ],
    });
    expect(exchange.answer).to.deep.include({
      status: 299,
      reason: 'Sure thing',
      fields: [
        ['X-b', '2'],
        ['set-COOKIE', 'a=1'],
        ['X-B', '1'],
        ['Set-Cookie', 'b=2'],
        ['X-C', '\xe9'],
        ['content-length', '0'],
      ],
    });
  });

  it('passes chunks as they come, and records content and trailers', async () => {
    const parts = [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n',
      '3;ext=1\r\nab',
      'c\r\n1',
      '0\r\n0123456789abcdef\r\n0\r\n',
      'X-T: t\r\n\r\n',
    ];
    const seen: string[] = [];
    const port = await original(async (wire) => {
      await receives(wire, /\r\n\r\n/);
      for (const part of parts) {
        await wire.send(part);
        // The next one only when the client has this one: nothing is held back.
        await until(() => seen.join('').endsWith(part), 'the part at the client');
      }
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    peer.socket.on('data', (block: Buffer) => seen.push(block.toString('latin1')));
    await peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const { answer } = await recorded.exchange();
    expect(await textOf(answer?.body)).to.equal('abc0123456789abcdef');
    expect(answer?.trailers).to.deep.equal([['X-T', 't']]);
    expect(answer?.body.cut).to.equal(false);
    expect(answer?.times?.first).to.be.at.least(answer?.times?.head ?? Infinity);
    expect(answer?.times?.last).to.be.at.least(answer?.times?.first ?? Infinity);
  });

  it('passes chunked uploads as they come', async () => {
    let got = '';
    const port = await original(async (wire) => {
      await receives(wire, /0\r\n\r\n$/);
      got = wire.text;
      await wire.send(OK);
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    const request =
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\xff\xfe\r\n1\r\na\r\n0\r\n\r\n';
    await peer.sendApart(
      [...(request.match(/[\s\S]{1,40}/g) ?? [])].map((part) => Buffer.from(part, 'latin1')),
    );
    await peer.response();
    expect(got).to.equal(request);
    expect([...(await bytesOf((await recorded.exchange()).request.body))]).to.deep.equal([255, 254, 97]);
  });

  it('passes 100 Continue and early hints, and records the final answer', async () => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\n';
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const port = await original(async (wire) => {
      await receives(wire, /Expect: 100-continue\r\n\r\n$/);
      await wire.send(interim);
      await receives(wire, /body$/);
      await wire.send(hints);
      await wire.send(OK);
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n');
    await peer.until(() => peer.text === interim, 'the 100');
    await peer.send('body');
    await peer.until(() => peer.text === interim + hints + OK, 'the answer');
    const { request, answer } = await recorded.exchange();
    expect(await textOf(request.body)).to.equal('body');
    expect(answer?.status).to.equal(200);
  });

  const bodiless: readonly [method: string, answer: string][] = [
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n'],
  ];
  for (const [method, text] of bodiless) {
    it(`knows that ${JSON.stringify(text)} to ${method} has no body, and keeps the connection`, async () => {
      const port = await original(async (wire) => {
        await receives(wire, /\r\n\r\n/);
        await wire.send(text);
        await receives(wire, /second/);
        await wire.send(OK);
      });
      const recorded = await recordingOf(port);
      const peer = await recorded.connect();
      await peer.send(`${method} /first HTTP/1.1\r\nHost: a\r\n\r\n`);
      await peer.until(() => peer.text === text, 'the head');
      await peer.send('GET /second HTTP/1.1\r\nHost: a\r\n\r\n');
      await peer.until(() => peer.text === text + OK, 'the second answer');
      const [first, second] = await recorded.exchanges(2);
      expect(first?.answer?.body).to.include({ size: 0, cut: false, missing: false });
      expect(second?.request.target).to.equal('/second');
      expect(await textOf(second?.answer?.body)).to.equal('ok');
    });
  }

  it('answers pipelined requests in their order', async () => {
    const port = await original(async (wire) => {
      await receives(wire, /\/3 HTTP/);
      await wire.send(OK.replace('ok', 'k1') + OK.replace('ok', 'k2') + OK.replace('ok', 'k3'));
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send([1, 2, 3].map((n) => `GET /${n} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
    const exchanges = await recorded.exchanges(3);
    const told = await Promise.all(
      exchanges.map(async ({ request, answer }) => request.target + (await textOf(answer?.body))),
    );
    expect(told).to.deep.equal(['/1k1', '/2k2', '/3k3']);
  });

  it('speaks HTTP/1.0, where the end of the connection is that of the body', async () => {
    const text = 'HTTP/1.0 200 OK\r\n\r\nall of it';
    const port = await answers(text, (wire) => wire.socket.end());
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send('GET / HTTP/1.0\r\n\r\n');
    await peer.until(() => peer.ended, 'the end');
    expect(peer.text).to.equal(text);
    expect(peer.error).to.equal(undefined);
    const { answer, request } = await recorded.exchange();
    expect(answer).to.include({ version: '1.0' });
    expect(await textOf(answer?.body)).to.equal('all of it');
    expect(answer?.body.cut).to.equal(false);
    expect(request.fields).to.deep.equal([]);
  });

  const cuts: readonly [what: string, text: string, body: string][] = [
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', 'half'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\nha', 'abcha'],
    ['no length', 'HTTP/1.1 200 OK\r\n\r\nhalf', 'half'],
  ];
  for (const [what, text, body] of cuts) {
    it(`cuts an answer with ${what} where the original resets it, and says so in the archive`, async () => {
      let reset = () => {};
      const port = await answers(text, (wire) => {
        reset = () => wire.reset();
      });
      const recorded = await recordingOf(port);
      const peer = await recorded.connect();
      await peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await peer.until(() => peer.text === text, 'the half');
      reset();
      await peer.until(() => peer.ended, 'the end');
      expect(peer.error?.code).to.equal('ECONNRESET');
      const { answer } = await recorded.exchange();
      expect(await textOf(answer?.body)).to.equal(body);
      expect(answer?.body).to.include({ cut: true, missing: false });
    });
  }

  it('records an answer as cut that the original ends too early', async () => {
    const port = await answers('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', (wire) =>
      wire.socket.end(),
    );
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await peer.until(() => peer.ended, 'the end');
    expect((await recorded.exchange()).answer?.body.cut).to.equal(true);
  });

  it('tells the original that a client left in the middle of an answer, and records what passed as missing', async () => {
    let left = false;
    const port = await answers('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', async (wire) => {
      await wire.until(() => wire.ended, 'the end');
      left = true;
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await peer.until(() => peer.text.endsWith('half'), 'the half');
    peer.reset();
    await until(() => left, 'the original sees it');
    expect((await recorded.exchange()).answer?.body).to.include({ cut: false, missing: true, size: 4 });
  });

  it('tells the original that a client left in the middle of an upload', async () => {
    let got = '';
    const port = await original(async (wire) => {
      await wire.until(() => wire.ended, 'the end');
      got = wire.text;
      wire.destroy();
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send('POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
    peer.halfClose();
    await until(() => got !== '', 'the end at the original');
    expect(got).to.match(/half$/);
    const { request, answer } = await recorded.exchange();
    expect(answer).to.equal(undefined);
    expect(request.body).to.include({ cut: true, size: 4 });
  });

  it('lets a client that has closed its side read the answer', async () => {
    const port = await original(async (wire) => {
      await wire.until(() => wire.ended, 'the end');
      await wire.send(OK);
      wire.socket.end();
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    peer.halfClose();
    await peer.until(() => peer.ended, 'the end');
    expect(peer.text).to.equal(OK);
    expect((await recorded.exchange()).answer?.status).to.equal(200);
  });

  it('passes an answer that comes before the upload is over, and then the close', async () => {
    const text = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
    const port = await answers(text, (wire) => wire.socket.end());
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstart');
    await peer.until(() => peer.ended, 'the end');
    expect(peer.text).to.equal(text);
    const { request, answer } = await recorded.exchange();
    expect(answer?.status).to.equal(413);
    expect(request.body.cut).to.equal(true);
  });

  it('answers 502 where the original is down, logs it, and records that there was no answer', async () => {
    const recorded = await recordingOf('http://127.0.0.1:1');
    const peer = await recorded.connect();
    await peer.send('POST /a?password=x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi');
    const response = await peer.response('POST');
    expect(response.status).to.equal(502);
    expect(response.body.toString()).to.equal(
      'The original at http://127.0.0.1:1 cannot be reached: ECONNREFUSED\n',
    );
    await peer.until(() => peer.ended, 'the end');
    const { request, answer } = await recorded.exchange();
    expect(answer).to.equal(undefined);
    expect(await textOf(request.body)).to.equal('hi');
    expect(log).to.match(
      /^ERROR:wsgi:http:\/\/127\.0\.0\.1:1 cannot be reached for POST \/a: .*ECONNREFUSED.*\n$/,
    );
  });

  it('passes on what is no HTTP, says so once, and does not record it', async () => {
    let got = '';
    const port = await original(async (wire) => {
      await receives(wire, /more$/);
      got = wire.text;
      await wire.send('what?');
      wire.socket.end();
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.sendApart(['SSH-2.0', '-x\r\nno fields\r\n', '\r\nmore']);
    await peer.until(() => peer.ended, 'the end');
    expect(got).to.equal('SSH-2.0-x\r\nno fields\r\n\r\nmore');
    expect(peer.text).to.equal('what?');
    expect(log).to.match(
      /^WARNING:wsgi:A request is passed on and not recorded: a line of its head is not NAME: VALUE: "no fields"\n$/,
    );
    expect(recorded.recording.count).to.equal(0);
  });

  it('passes on what does not even begin as HTTP does, without waiting for a line', async () => {
    const hello = Buffer.from([22, 3, 1, 0, 5]);
    const port = await original(async (wire) => {
      await wire.until(() => wire.raw.equals(hello), 'the hello');
      await wire.send('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      wire.socket.end();
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send(hello);
    expect((await peer.response()).status).to.equal(400);
    expect(log).to.include('A request is passed on and not recorded: it begins with the byte 0x16');
  });

  it('passes what another upgrade speaks, after the 101', async () => {
    const port = await original(async (wire) => {
      await receives(wire, /\r\n\r\n/);
      await wire.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\nhello');
      await receives(wire, /\0raw$/);
      await wire.send('\r\n\r\nHTTP/1.1 no');
      wire.socket.end();
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send('GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n\0raw');
    await peer.until(() => peer.ended, 'the end');
    expect(peer.text).to.match(/\r\n\r\nhello\r\n\r\nHTTP\/1\.1 no$/);
    peer.destroy();
    const { answer, conversation } = await recorded.exchange();
    expect(answer?.status).to.equal(101);
    expect(conversation?.messages).to.deep.equal([]);
    expect(log).to.include('What follows GET /up is passed on and not recorded: it is not a WebSocket');
  });

  it('goes on after an upgrade that the original has ignored', async () => {
    const port = await original(async (wire) => {
      await receives(wire, /first[\s\S]*\r\n\r\n/);
      await wire.send(OK);
      await receives(wire, /second/);
      await wire.send(OK);
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    const first =
      'GET /first HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n';
    await peer.send(`${first}GET /second HTTP/1.1\r\nHost: a\r\n\r\n`);
    await peer.until(() => peer.text === OK + OK, 'both answers');
    expect((await recorded.exchanges(2)).map(({ request }) => request.target)).to.deep.equal([
      '/first',
      '/second',
    ]);
  });

  it('reads no faster than the client takes, and passes it all', async () => {
    const warnings: Error[] = [];
    const onwarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onwarning);
    const size = 24 * 1024 * 1024;
    let sent = 0;
    const block = Buffer.alloc(64 * 1024, 'x');
    const port = await answers(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`, (wire) => {
      const { socket } = wire;
      const more = () => {
        while (sent < size) {
          sent += block.length;
          if (!socket.write(block)) return;
        }
      };
      socket.on('drain', more);
      more();
    });
    const recorded = await recordingOf(port);
    const peer = await Peer.connect(recorded.port, { paused: true });
    await peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    let before = -1;
    await until(async () => {
      const still = sent === before && sent > 0;
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return still;
    }, 'the original stops');
    expect(sent).to.be.below(size);
    let got = 0;
    peer.socket.on('data', (piece: Buffer) => {
      got += piece.length;
    });
    peer.socket.resume();
    await until(() => got > size, 'all of it');
    const { answer } = await recorded.exchange();
    expect(answer?.body).to.include({ size, cut: false });
    process.off('warning', onwarning);
    expect(warnings).to.deep.equal([]);
  });

  it('goes on where the disk is full, and says that it records no more', async () => {
    const port = await original(async (wire) => {
      await receives(wire, /end$/);
      await wire.send(OK);
    });
    const recorded = await recordingOf(port);
    // In place of the folder for large bodies.
    writeFileSync(`${recorded.path}.d`, '');
    const peer = await recorded.connect();
    const size = 300_000;
    await peer.send(
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size - 3)}end`,
    );
    expect((await peer.response('POST')).body.toString()).to.equal('ok');
    const fault = await recorded.recording.failed.catch((error: NodeJS.ErrnoException) => error);
    expect(fault).to.be.instanceOf(Error);
    expect(recorded.recording.count).to.equal(0);
  });

  it('waits with an upgrade for its own answer, behind others', async () => {
    const port = await original(async (wire) => {
      await receives(wire, /\/up HTTP/);
      await wire.send(OK);
      await wire.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n');
      await receives(wire, /raw$/);
      wire.socket.end();
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    const up = 'GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n';
    await peer.send(`GET /first HTTP/1.1\r\nHost: a\r\n\r\n${up}no HTTP: raw`);
    await peer.until(() => peer.ended, 'the end');
    peer.destroy();
    const [first, second] = await recorded.exchanges(2);
    expect([first?.answer?.status, second?.answer?.status]).to.deep.equal([200, 101]);
    expect(log).to.not.include('not recorded: a line');
  });

  it('does not mix what the original sends unasked into the answer before', async () => {
    const unasked = 'HTTP/1.1 408 Request Timeout\r\nContent-Length: 4\r\n\r\nlate';
    let more = () => {};
    const port = await original(async (wire) => {
      await receives(wire, /\r\n\r\n/);
      await wire.send(OK);
      more = () => wire.socket.end(unasked);
    });
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await peer.until(() => peer.text === OK, 'the answer');
    await recorded.exchanges(1);
    more();
    await peer.until(() => peer.ended, 'the end');
    expect(peer.text).to.equal(OK + unasked);
    expect(await textOf((await recorded.exchange()).answer?.body)).to.equal('ok');
    expect(log).to.include('The original has sent 408 to no request');
  });

  it('adds X-Forwarded and another Host when asked, and records what the original got', async () => {
    let got = '';
    const port = await original(async (wire) => {
      await receives(wire, /\r\n\r\n/);
      got = wire.text;
      await wire.send(OK);
    });
    const recorded = await recordingOf(port, { forwarded: true, hostHeader: 'site.example' });
    const peer = await recorded.connect();
    await peer.send('GET / HTTP/1.1\r\nHost: a:1\r\nX-A: 1\r\n\r\n');
    await peer.response();
    expect(got).to.equal(
      'GET / HTTP/1.1\r\nHost: site.example\r\nX-A: 1\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a:1\r\n\r\n',
    );
    expect(valueIn((await recorded.exchange()).request.fields, 'host')).to.equal('site.example');
  });

  it('listens at a Unix socket, in front of one', async () => {
    const folder = temporaryFolder();
    const server = createHttpServer((req, res) => res.end(req.url)).listen(join(folder, 'up.sock'));
    const recorded = await recordingOf(`unix:${join(folder, 'up.sock')}`, {
      bind: `unix:${join(folder, 'in.sock')}`,
    });
    const peer = await Peer.connect(join(folder, 'in.sock'));
    await peer.send('GET /x HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await peer.response()).body.toString()).to.equal('/x');
    expect((await recorded.exchange()).request.target).to.equal('/x');
    server.closeAllConnections();
    server.close();
  });

  it('records an original of https, whose certificate is checked', async () => {
    const options = { key: readFileSync(TLS.keyfile), cert: readFileSync(TLS.certfile) };
    const server = createHttpsServer(options, (req, res) => req.pipe(res)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    try {
      const strict = await recordingOf(`https://127.0.0.1:${port}`);
      const refused = await strict.connect();
      await refused.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const { body } = await refused.response();
      expect(body.toString()).to.match(/cannot be reached: \w*SELF_SIGNED\w*/);
      expect(log).to.include('--no-verify');

      const lax = await recordingOf(`https://127.0.0.1:${port}`, { verify: false });
      const peer = await lax.connect();
      await peer.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc');
      expect((await peer.response('POST')).body.toString()).to.equal('abc');
      expect(await textOf((await lax.exchange()).answer?.body)).to.equal('abc');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('ends with what was going on: an answer is waited for, a connection that does nothing is not', async () => {
    let answer: (() => unknown) | undefined;
    const port = await original(async (wire) => {
      await receives(wire, /\r\n\r\n/);
      answer = () => wire.socket.write(OK);
    });
    const recorded = await recordingOf(port);
    const idle = await recorded.connect();
    const peer = await recorded.connect();
    await peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => answer !== undefined, 'the request');
    expect(recorded.recording.running).to.equal(1);
    const closed = recorded.recording.close(30);
    await idle.until(() => idle.ended, 'the end of the idle one');
    answer?.();
    await peer.until(() => peer.ended, 'the end');
    peer.destroy();
    await closed;
    expect(peer.text).to.equal(OK);
    expect((await recorded.exchange()).answer?.body).to.include({ size: 2, missing: false });
    await new Promise((resolve) => connect(recorded.port, '127.0.0.1').once('error', resolve));
  });

  it('records what has come when its time is over', async () => {
    const port = await answers('HTTP/1.1 200 OK\r\n\r\nendless ');
    const recorded = await recordingOf(port);
    const peer = await recorded.connect();
    await peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await peer.until(() => peer.text.endsWith('endless '), 'some of it');
    await recorded.recording.close(0.05);
    expect((await recorded.exchange()).answer?.body).to.include({ size: 8, cut: false, missing: true });
  });
});
