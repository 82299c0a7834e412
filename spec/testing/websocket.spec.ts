/** `client.websocket()`: `wsgi.websocket` from the other side, in memory. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import { WSocketApp } from '../../lib/app/wsocket-app.js';
import type { Application, WebSocket } from '../../lib/environ/types.js';
import { Client } from '../../lib/testing/client.js';
import { captureLog } from '../support/serve.js';
import { NODE_OPTIONS, scriptOf } from '../support/source.js';
import { gate } from '../support/until.js';

/** Runs `talk` for WebSockets, and refuses everything else. */
function talking(talk: (websocket: WebSocket) => unknown): Application {
  return async (environ, start_response) => {
    const websocket = environ['wsgi.websocket'];
    if (websocket === undefined) start_response('400 Bad Request', []);
    else await talk(websocket);
    return [];
  };
}

const echo = talking(async (websocket) => {
  for await (const message of websocket) await websocket.send(message);
});

async function errorOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing was thrown',
    (error) => String(error),
  );
}

describe('Client.websocket', () => {
  it('stops the server: the message in work is answered, then the WebSocket ends with 1001', async () => {
    const begun = gate();
    const go = gate();
    const steps: unknown[] = [];
    const application = talking(async (websocket) => {
      steps.push(await websocket.receive());
      begun.open();
      await go.promise;
      await websocket.send('answer');
      steps.push(await websocket.receive(), websocket.closeCode);
    });
    const socket = await new Client(application).websocket('/');
    await socket.send('in work');
    await socket.send('not received');
    await begun.promise;
    const end = socket.stopServer();
    go.open();
    expect(await socket.receive()).to.equal('answer');
    expect((await end).code).to.equal(1001);
    expect(steps).to.deep.equal(['in work', null, 1001]);
  });

  it('stops the server, and says so where the application neither receives nor returns', async () => {
    const application = talking(async (websocket) => {
      await websocket.accept();
      await new Promise(() => {});
    });
    const socket = await new Client(application).websocket('/');
    const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const stopped = errorOf(socket.stopServer());
      await clock.tickAsync(5000);
      expect(await stopped).to.equal('Error: The server stops, and the application goes on');
    } finally {
      clock.restore();
    }
  });

  it('sends and receives text and bytes', async () => {
    const socket = await new Client(echo).websocket('/chat');
    expect(socket.accepted).to.equal(true);
    expect(socket.response.status).to.equal('101 Switching Protocols');
    await socket.send('héllo');
    await socket.send(Buffer.from([0, 255]));
    expect(await socket.receive()).to.equal('héllo');
    expect(await socket.receive()).to.deep.equal(Buffer.from([0, 255]));
    expect(await socket.close()).to.deep.equal({ code: 1000, reason: '' });
    expect(await socket.receive()).to.equal(null);
  });

  it('takes the options of a request', async () => {
    const app = talking((websocket) => {
      const { PATH_INFO, QUERY_STRING, HTTP_X_A, HTTP_AUTHORIZATION, HTTP_HOST, SCRIPT_NAME } =
        websocket.environ;
      const own = websocket.environ['my.key'];
      const told = [SCRIPT_NAME, PATH_INFO, QUERY_STRING, HTTP_X_A, HTTP_AUTHORIZATION, HTTP_HOST, own];
      return websocket.send(JSON.stringify([...told, websocket.environ['wsgi.url_scheme']]));
    });
    const client = new Client(app, { baseUrl: 'https://example.org/app', headers: { 'X-A': '1' } });
    const socket = await client.websocket('/ü', {
      query: { q: 1 },
      auth: ['a', 'b'],
      environ: { 'my.key': 2 },
    });
    const told = JSON.parse(String(await socket.receive()));
    expect(told).to.deep.equal(['/app', '/\xc3\xbc', 'q=1', '1', 'Basic YTpi', 'example.org', 2, 'https']);
    await socket.closed();
  });

  it('asks for subprotocols, and tells which was chosen', async () => {
    const app = talking(async (websocket) => {
      websocket.supportedProtocols = ['v2'];
      await websocket.send(websocket.protocols.join());
    });
    const socket = await new Client(app).websocket('/', { protocols: ['v1', 'v2'] });
    expect([await socket.receive(), socket.protocol]).to.deep.equal(['v1,v2', 'v2']);
    await socket.close();
    for (const protocols of ['v1', ['v1, v2'], [1]] as never[]) {
      expect(await errorOf(new Client(app).websocket('/', { protocols }))).to.match(
        /^TypeError: protocols is a list of subprotocols, not /,
      );
    }
  });

  it('can be iterated to its end', async () => {
    const app = talking(async (websocket) => {
      for (const word of ['one', 'two']) await websocket.send(word);
      websocket.close(4001, 'enough');
    });
    const socket = await new Client(app).websocket();
    const words: unknown[] = [];
    for await (const word of socket) words.push(word);
    expect(words).to.deep.equal(['one', 'two']);
    expect(await socket.closed()).to.deep.equal({ code: 4001, reason: 'enough' });
  });

  it('tells the application how it was closed, and waits until that is done', async () => {
    const seen: unknown[] = [];
    const app = talking(async (websocket) => {
      seen.push(await websocket.receive(), websocket.closeCode, websocket.closeReason);
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen.push('done');
    });
    const socket = await new Client(app).websocket();
    await socket.close(4000, 'bye');
    expect(seen).to.deep.equal([null, 4000, 'bye', 'done']);
  });

  it('can be cut off', async () => {
    const seen: unknown[] = [];
    const app = talking(async (websocket) => {
      await websocket.send('hi');
      seen.push(await websocket.receive(), websocket.closeCode);
    });
    const socket = await new Client(app).websocket();
    await socket.receive();
    expect((await socket.terminate()).code).to.equal(1006);
    expect(seen).to.deep.equal([null, 1006]);
  });

  it('makes the application wait when the client does not receive', async () => {
    let sent = 0;
    const app = talking(async (websocket) => {
      for (; sent < 400; sent++) await websocket.send(Buffer.alloc(64 * 1024));
    });
    const socket = await new Client(app).websocket();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sent).to.be.below(200);
    let received = 0;
    for await (const _ of socket) received++;
    expect(received).to.equal(400);
  });

  it('shows a refusal as a response', async () => {
    const app: Application = (_environ, start_response) => {
      start_response('403 Forbidden', [
        ['Content-Type', 'text/plain'],
        ['Set-Cookie', 'seen=1'],
      ]);
      return [Buffer.from('Say the word')];
    };
    const client = new Client(app);
    const socket = await client.websocket();
    expect(socket.accepted).to.equal(false);
    expect([socket.response.status, socket.response.text]).to.deep.equal(['403 Forbidden', 'Say the word']);
    expect(client.cookies.get('seen')?.value).to.equal('1');
    const refused = 'WebSocketError: The application refused the WebSocket: 403 Forbidden';
    expect(await errorOf(socket.send('hi'))).to.equal(refused);
    expect(await errorOf(socket.receive())).to.equal(refused);
    expect(await socket.close()).to.deep.equal({ code: 1006, reason: '' });
  });

  it('sends the cookies of the client', async () => {
    const client = new Client(talking((websocket) => websocket.send(String(websocket.environ.HTTP_COOKIE))));
    client.cookies.set('id', '7');
    const socket = await client.websocket();
    expect(await socket.receive()).to.equal('id=7');
    await socket.close();
  });

  it('keeps what is written to wsgi.errors', async () => {
    const app = talking((websocket) => {
      websocket.environ['wsgi.errors'].write('careful');
      return websocket.send('x');
    });
    const socket = await new Client(app).websocket();
    await socket.close();
    expect(socket.response.errors).to.equal('careful');
  });

  describe('with an application that fails', () => {
    const early = talking(() => {
      throw new Error('too early');
    });
    const late = talking(async (websocket) => {
      await websocket.receive();
      throw new Error('too late');
    });

    it('throws what it throws before the handshake', async () => {
      expect(await errorOf(new Client(early).websocket())).to.equal('Error: too early');
    });

    it('throws what it throws later, in place of the end', async () => {
      const socket = await new Client(late).websocket();
      await socket.send('go');
      expect(await errorOf(socket.receive())).to.equal('Error: too late');
      expect(await errorOf(socket.closed())).to.equal('Error: too late');
    });

    it('shows 500 and 1011, and logs it, where the test says so', async () => {
      const log = await captureLog(async () => {
        expect((await new Client(early, { throwErrors: false }).websocket()).response.statusCode).to.equal(
          500,
        );
        const socket = await new Client(late).websocket('/', { throwErrors: false });
        await socket.send('go');
        expect(await socket.receive()).to.equal(null);
        expect((await socket.closed()).code).to.equal(1011);
      });
      expect(log)
        .to.match(/too early/)
        .and.match(/too late/);
    });
  });

  it('runs the events of WSocketApp', async () => {
    const app = new WSocketApp();
    app.onmessage.add((message, client) => client.send(`you said ${message}`));
    const socket = await new Client(app).websocket('/room');
    await socket.send('hi');
    expect(await socket.receive()).to.equal('you connected');
    expect(await socket.receive()).to.equal('you said hi');
    await socket.close();
  });

  it('keeps no process alive, not even when it is left open', () => {
    const file = scriptOf('fixtures/left-open.ts', import.meta.url);
    const { stdout, status, signal } = spawnSync(process.execPath, [...NODE_OPTIONS, file], {
      encoding: 'utf8',
      timeout: 15_000,
    });
    expect({ stdout, status, signal }).to.deep.equal({ stdout: 'hi 200 OK', status: 0, signal: null });
  });
});
