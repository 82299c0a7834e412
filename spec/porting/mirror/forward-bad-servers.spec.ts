/** lib/porting/mirror/forward.ts in front of servers that break HTTP, or leave: what the client is told. */
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { forward } from '../../../lib/porting/index.js';
import { Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';
import { answers, endRecordings, original, receives, type Script } from '../record/setup.js';

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

async function inFrontOf(port: number): Promise<number> {
  return (await serveApp(forward(`http://127.0.0.1:${port}`))).serverPort;
}

const ends: Script = (wire) => wire.socket.end();

/** Sends the answer, and its end. */
function says(text: string): Promise<number> {
  return answers(text, ends);
}

/** All that the client of such a server gets, and what is logged meanwhile. */
async function seenBehind(port: number): Promise<{ text: string; log: string }> {
  const front = await inFrontOf(port);
  let text = '';
  const log = await captureLog(async () => {
    const peer = await Peer.connect(front);
    await peer.send(request('/', { headers: ['Connection: close'] }));
    await peer.until(() => peer.ended || peer.socket.destroyed, 'the end');
    text = peer.text;
  });
  return { text, log };
}

describe('forward in front of a bad server', () => {
  afterEach(async () => {
    await endRecordings();
    await closeServers();
  });

  for (const [what, answer, reason] of [
    ['a status below 100', 'HTTP/1.1 099 Odd\r\n\r\n', /"099 Odd" does not begin with a code/],
    ['a status of four digits', 'HTTP/1.1 1000 Odd\r\n\r\n', /Invalid/],
    ['a control character in its reason', 'HTTP/1.1 200 a\x01b\r\n\r\n', /a character that a status line/],
    ['101 to no upgrade', 'HTTP/1.1 101 Switching\r\n\r\n', /is an interim one/],
    ['101 with one', 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n', /another protocol/],
    ['a first chunk that is none', `${CHUNKED}zz\r\nok\r\n0\r\n\r\n`, /no beginning.*chunk size/],
    [
      'lengths that conflict',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
      /Length/,
    ],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok', /Content-Length/],
    ['a length and chunks', `${CHUNKED.replace('Tr', 'Content-Length: 2\r\nTr')}0\r\n\r\n`, /Content-Length/],
    ['a coding below its chunks', `${CHUNKED.replace('chu', 'gzip, chu')}0\r\n\r\n`, /Transfer-Encoding/],
    ['a coding in place of chunks', `${CHUNKED.replace('chunked', 'gzip')}ok`, /Transfer-Encoding/],
    ['a head of more than 1 MiB', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(1_100_000)}\r\n\r\n`, /overflow/],
    ['a head that is cut', 'HTTP/1.1 200 OK\r\nContent-Le', /hang up/],
    ['nothing', '', /hang up/],
  ] as const) {
    it(`answers 502 for ${what}`, async () => {
      const { text, log } = await seenBehind(await says(answer));
      expect(text).to.match(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
      expect(text.split('\r\n\r\n')[1]).to.match(reason);
      expect(log).to.match(
        /WARNING:.*forward: 502 for 'GET \/', for http:\/\/127\.0\.0\.1:\d+ gave no answer/,
      );
      expect(log).to.match(reason);
    });
  }

  const cases: [string, string, Script?][] = [
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok'],
    ['chunks', `${CHUNKED}2\r\nok\r\n`],
    ['chunks, by one that is none', `${CHUNKED}2\r\nok\r\nzz\r\n`],
    [
      'neither, by a reset',
      'HTTP/1.1 200 OK\r\n\r\nok',
      async (wire) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        wire.reset();
      },
    ],
  ];
  for (const [what, answer, after = ends] of cases) {
    it(`cuts a body that is cut and has ${what}`, async () => {
      const { text, log } = await seenBehind(await answers(answer, after));
      expect(text).to.match(/^HTTP\/1\.1 200 OK\r\n[\s\S]*ok/);
      expect(text).to.not.match(/\r\n0\r\n\r\n$/);
      expect(log).to.include('cut its answer');
    });
  }

  it('passes on a body that ends with its connection', async () => {
    const { text } = await seenBehind(await says('HTTP/1.1 200 OK\r\n\r\nok'));
    expect(text).to.match(/\r\n2\r\nok\r\n0\r\n\r\n$/);
  });

  it('passes on what is unusual', async () => {
    const headers = `${'A: b\r\n'.repeat(2100)}Status: 404 Not Found\r\nX-A: ${'a'.repeat(40_000)}\r\nX-Last: 1`;
    const { text } = await seenBehind(
      await says(`HTTP/1.1 200  Fine\tby me \r\n${headers}\r\nContent-Length: 2\r\n\r\nok`),
    );
    expect(text).to.match(/^HTTP\/1\.1 200 Fine by me\r\n/);
    expect(text).to.match(/\r\nX-Last: 1\r\nContent-Length: 2\r\n[\s\S]*\r\n\r\nok$/);
    expect(text).to.not.include('Status:');
  });

  it('sends the head of an answer whose body takes its time', async () => {
    const port = await answers(CHUNKED, async (wire) => {
      await receives(wire, /go on/);
      await wire.send('2\r\nok\r\n0\r\n\r\n');
    });
    const peer = await Peer.connect(await inFrontOf(port));
    await peer.send(request('/', { method: 'POST', headers: ['Content-Length: 5'] }));
    await peer.until(() => peer.text.includes('\r\n\r\n'), 'the head');
    await peer.send('go on');
    expect((await peer.response()).body.toString()).to.equal('ok');
  });

  it('leaves out hints that are not valid', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\n\r\n';
    const { text } = await seenBehind(await says(`${hints}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`));
    expect(text).to.match(/^HTTP\/1\.1 200 OK\r\n[\s\S]*ok$/);
  });

  it('answers 502 where the answer to a WebSocket has no valid head', async () => {
    const port = await says('HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok');
    const client = new WebSocket(`ws://127.0.0.1:${await inFrontOf(port)}`);
    const status = await new Promise((resolve) => {
      client
        .on('error', () => {})
        .on('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
    });
    expect(status).to.equal(502);
  });

  it('lets the body of an answer that is refused go', async () => {
    let left = false;
    const port = await original(async (wire) => {
      await receives(wire, /\r\n\r\n/);
      await wire.send('HTTP/1.1 099 Odd\r\n\r\nendless ');
      await wire.until(() => wire.ended || wire.socket.destroyed, 'the end');
      left = true;
    });
    const peer = await Peer.connect(await inFrontOf(port));
    await peer.send(request());
    expect((await peer.response()).status).to.equal(502);
    await peer.until(() => left, 'the end of the request');
  });
});
