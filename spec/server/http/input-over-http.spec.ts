/** `wsgi.input` over real connections: segments, chunks, and bodies that do not come to their end. */
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import type { Application, Environ, Input, StartResponse } from '../../../lib/environ/types.js';
import { ClientDisconnected } from '../../../lib/errors.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';
import { gate } from '../../support/until.js';

/** An application that answers with what `work` made of its input. */
function reading(work: (input: Input) => Promise<unknown>): Application {
  return async (environ, start_response) => {
    const result = await work(environ['wsgi.input']);
    return answer(start_response, JSON.stringify(result));
  };
}

const LINES = 'one\ntwo\r\nthree';

/** The same body with a length, and in chunks; each as segments. */
const FRAMINGS: Record<string, string[]> = {
  'a Content-Length, in one segment': [request('/', post(`Content-Length: ${LINES.length}`, LINES))],
  'a Content-Length, byte by byte': [
    request('/', post(`Content-Length: ${LINES.length}`, '')),
    ...LINES.split(''),
  ],
  'chunks that break lines': [
    request('/', post('Transfer-Encoding: chunked', '2\r\non\r\n3\r\ne\nt\r\n')),
    '1\r\nw\r\n',
    '8;ext="a"\r\no\r\nthree\r\n0\r\nX-Sum: 1\r\n\r\n',
  ],
  'chunks cut by segments': [
    request('/', post('Transfer-Encoding: chunked', '')),
    'e',
    '\r',
    '\none\ntw',
    'o\r\nthree\r',
    '\n0\r\n',
    'X-Sum: 1\r\n',
    '\r\n',
  ],
};

function post(header: string, body: string) {
  return { method: 'POST', headers: [header], body };
}

const READERS: Record<string, { read: (input: Input) => Promise<unknown>; result: unknown }> = {
  'read()': { read: async (input) => String(await input.read()), result: LINES },
  'read(size)': {
    read: async (input) => [
      String(await input.read(5)),
      String(await input.read(100)),
      (await input.read(1)).length,
    ],
    result: ['one\nt', 'wo\r\nthree', 0],
  },
  'readline()': {
    read: async (input) => [
      String(await input.readline()),
      String(await input.readline(2)),
      String(await input.readline()),
      String(await input.readline()),
      String(await input.readline()),
    ],
    result: ['one\n', 'tw', 'o\r\n', 'three', ''],
  },
  'readlines()': {
    read: async (input) => (await input.readlines()).map(String),
    result: ['one\n', 'two\r\n', 'three'],
  },
  iteration: {
    read: async (input) => {
      const lines: string[] = [];
      for await (const line of input) lines.push(String(line));
      return lines;
    },
    result: ['one\n', 'two\r\n', 'three'],
  },
};

describe('wsgi.input over HTTP', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  for (const [framing, segments] of Object.entries(FRAMINGS)) {
    for (const [name, { read, result }] of Object.entries(READERS)) {
      it(`${name} takes a body with ${framing}, and the connection goes on`, async () => {
        const { serverPort } = await serveApp(reading(read));
        const peer = await Peer.connect(serverPort);
        await peer.sendApart(segments);
        await peer.response();
        await peer.send(request('/', post('Content-Length: 0', '')));
        const [first, second] = await peer.responses(2);
        expect(JSON.parse(String(first?.body))).to.deep.equal(result);
        expect(second?.status).to.equal(200);
      });
    }
  }

  it('is binary transparent', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const { serverPort } = await serveApp(reading(async (input) => [...(await input.read())]));
    const peer = await Peer.connect(serverPort);
    await peer.send(Buffer.concat([Buffer.from(request('/', post('Content-Length: 256', ''))), all]));
    expect(JSON.parse(String((await peer.response()).body))).to.deep.equal([...all]);
  });

  it('carries more than any buffer holds, as fast as it is read', async () => {
    const size = 8 * 1024 * 1024;
    const { serverPort } = await serveApp(
      reading(async (input) => {
        let total = 0;
        for (let block = await input.read(70_000); block.length > 0; block = await input.read(70_000)) {
          total += block.length;
        }
        return total;
      }),
    );
    const response = await fetch(`http://127.0.0.1:${serverPort}/`, {
      method: 'POST',
      body: Buffer.alloc(size),
    });
    expect(await response.json()).to.equal(size);
  });

  it('never reads into the next request', async () => {
    const { serverPort } = await serveApp(reading(async (input) => String(await input.read(1000))));
    const peer = await Peer.connect(serverPort);
    const one = request('/', post('Content-Length: 3', 'one'));
    const two = request('/', post('Transfer-Encoding: chunked', '3\r\ntwo\r\n0\r\n\r\n'));
    await peer.send(one + two + request());
    const responses = await peer.responses(3);
    expect(responses.map(({ body }) => JSON.parse(String(body)))).to.deep.equal(['one', 'two', '']);
  });

  it('is at its end at once when the request has no body', async () => {
    const { serverPort } = await serveApp(reading(async (input) => (await input.readlines()).length));
    const peer = await Peer.connect(serverPort);
    await peer.send(request());
    expect(String((await peer.response()).body)).to.equal('0');
  });

  it('can be read after the head went out', async () => {
    async function* app(environ: Environ, start_response: StartResponse) {
      start_response('200 OK', []);
      yield Buffer.from('head:');
      yield await environ['wsgi.input'].read();
    }
    const { serverPort } = await serveApp(app);
    const peer = await Peer.connect(serverPort);
    await peer.send(request('/', post('Content-Length: 4', '')));
    await peer.got('head:');
    await peer.send('body');
    expect(String((await peer.response()).body)).to.equal('head:body');
  });

  for (const [what, body, more, pause] of [
    ['small, and came with the head', 'abc', '', 0],
    ['small, and came while the application worked', 'abc', '', 20],
    ['not here yet', '', 'abc', 0],
  ] as const) {
    it(`cannot be read once the response has ended: a body that is ${what}`, async () => {
      let input: Input | undefined;
      const { serverPort } = await serveApp(async (environ, start_response) => {
        input ??= environ['wsgi.input'];
        if (pause > 0) await setTimeout(pause);
        return answer(start_response);
      });
      const peer = await Peer.connect(serverPort);
      await peer.send(request('/', post('Content-Length: 3', body)));
      await peer.response();
      await peer.send(more + request('/', post('Content-Length: 5', 'other')));
      await peer.responses(2);
      const result = await (input as Input).read().catch((error: Error) => error);
      expect(result)
        .to.be.an('error')
        .with.property('message')
        .that.matches(/after the response/);
    });
  }
});

describe('a body that is cut short', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  const CUTS: Record<string, (peer: Peer) => void> = {
    'the client ends its side': (peer) => peer.socket.end(),
    'the client goes': (peer) => peer.socket.destroy(),
    'the client resets the connection': (peer) => peer.socket.resetAndDestroy(),
  };
  const HEADS = {
    'Content-Length': post('Content-Length: 20', 'only a part'),
    chunks: post('Transfer-Encoding: chunked', 'ff\r\nonly a part'),
  };

  for (const [cut, act] of Object.entries(CUTS)) {
    for (const [framing, head] of Object.entries(HEADS)) {
      it(`is an error, not an end, and none of the application's: ${framing}, ${cut}`, async () => {
        const caught = gate<unknown>();
        const begun = gate();
        const log = await captureLog(async () => {
          const { serverPort } = await serveApp(async (environ, start_response) => {
            const input = environ['wsgi.input'];
            try {
              await input.read(4);
              begun.open();
              await input.read();
              caught.open('an end');
            } catch (error) {
              caught.open(error);
              throw error;
            }
            return answer(start_response);
          });
          const peer = await Peer.connect(serverPort);
          await peer.send(request('/', head));
          await begun.promise;
          act(peer);
          const error = await caught.promise;
          expect(error).to.be.instanceOf(ClientDisconnected);
          if (cut === 'the client ends its side') expect((await peer.response()).status).to.equal(400);
          await closeServers();
        });
        expect(log).to.equal('');
      });
    }
  }

  it('fails every later read as well', async () => {
    const caught = gate<unknown[]>();
    const { serverPort } = await serveApp(async (environ, start_response) => {
      const errors: unknown[] = [];
      for (let i = 0; i < 3; i++) await environ['wsgi.input'].read().catch((error) => errors.push(error));
      caught.open(errors);
      return answer(start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(request('/', post('Content-Length: 20', 'part')));
    peer.socket.end();
    expect(await caught.promise).to.have.length(3);
  });
});
