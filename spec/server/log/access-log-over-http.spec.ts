/** What the server writes into its access log, for each way a request can go. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import type { ServerOptions } from '../../../lib/server/options/options.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { gate } from '../../support/until.js';
import { closeClients, HANDSHAKE, WebSocketClient } from '../../support/web-socket-client.js';

/** Serves while `work` runs, and gives the lines that were logged, each without address and time. */
async function logged(
  app: Application,
  work: (port: number) => Promise<unknown>,
  options: ServerOptions = {},
): Promise<string[]> {
  const accessLogfile = join(temporaryFolder(), 'access.log');
  const { serverPort } = await serveApp(app, { accessLogfile, ...options });
  await work(serverPort);
  await closeServers();
  const lines = readFileSync(accessLogfile, 'utf8').split('\n');
  expect(lines.pop()).to.equal('');
  return lines.map((line) => {
    const [, user, rest] = /^127\.0\.0\.1 - (\S+) \[[^\]]+\] (.*)$/.exec(line) ?? [];
    return user === '-' ? `${rest}` : `${user} ${rest}`;
  });
}

const hello: Application = (_environ, start_response) => answer(start_response, 'hello');

async function send(port: number, text: string, method = 'GET'): Promise<void> {
  const peer = await Peer.connect(port);
  await peer.send(text);
  await peer.response(method);
}

describe('the access log', () => {
  afterEach(async () => {
    closePeers();
    closeClients();
    await closeServers();
    removeTemporaryFolders();
  });

  it('has a line for a request', async () => {
    const headers = [
      'Referer: http://there/',
      'User-Agent: spec',
      `Authorization: Basic ${btoa('joe:secret')}`,
    ];
    const lines = await logged(hello, (port) => send(port, request('/a?b', { headers })));
    expect(lines).to.deep.equal(['joe "GET /a?b HTTP/1.1" 200 5 "http://there/" "spec"']);
  });

  it('counts the bytes of the body, not those of its framing', async () => {
    const chunks: Application = (_environ, start_response) => {
      start_response('200 OK', []);
      return [Buffer.from('12345'), Buffer.alloc(0), Buffer.from('67890')];
    };
    const lines = await logged(chunks, (port) => send(port, request()));
    expect(lines).to.deep.equal(['"GET / HTTP/1.1" 200 10 "-" "-"']);
  });

  it('counts no body for HEAD', async () => {
    const lines = await logged(hello, (port) => send(port, request('/', { method: 'HEAD' }), 'HEAD'));
    expect(lines).to.deep.equal(['"HEAD / HTTP/1.1" 200 - "-" "-"']);
  });

  it('has pipelined requests in order', async () => {
    const lines = await logged(hello, async (port) => {
      const peer = await Peer.connect(port);
      await peer.send(request('/1') + request('/2'));
      await peer.responses(2);
    });
    expect(lines.map((line) => line.slice(0, 8))).to.deep.equal(['"GET /1 ', '"GET /2 ']);
  });

  it('has what the gateway refused', async () => {
    const lines = await logged(
      hello,
      async (port) => {
        await send(port, request('/elsewhere'));
        await send(port, request('/in', { headers: ['Content-Length: 10'] }));
      },
      { scriptName: '/in', limitRequestBody: 5 },
    );
    expect(lines).to.have.length(2);
    expect(lines[0]).to.match(/^"GET \/elsewhere HTTP\/1\.1" 404 \d+ /);
    expect(lines[1]).to.match(/^"GET \/in HTTP\/1\.1" 413 \d+ /);
  });

  it('has what the application failed at', async () => {
    let lines: string[] = [];
    await captureLog(async () => {
      const failing: Application = () => {
        throw new Error('mine');
      };
      lines = await logged(failing, (port) => send(port, request()));
    });
    expect(lines.join()).to.match(/^"GET \/ HTTP\/1\.1" 500 \d+ /);
  });

  it('has a request whose client left in the middle of its response', async () => {
    const lines = await logged(
      (_environ, start_response) => {
        start_response('200 OK', []);
        return (async function* () {
          yield Buffer.from('part');
          await new Promise(() => {});
        })();
      },
      async (port) => {
        const peer = await Peer.connect(port);
        await peer.send(request());
        await peer.got('part');
        peer.socket.resetAndDestroy();
      },
      { gracefulTimeout: 0.2 },
    );
    expect(lines).to.deep.equal(['"GET / HTTP/1.1" 200 4 "-" "-"']);
  });

  it('has a request whose client left before any answer, as 499', async () => {
    const begun = gate();
    const lines = await logged(
      () => {
        begun.open();
        return new Promise(() => {});
      },
      async (port) => {
        const peer = await Peer.connect(port);
        await peer.send(request());
        await begun.promise;
        peer.socket.resetAndDestroy();
      },
      { gracefulTimeout: 0.2 },
    );
    expect(lines).to.deep.equal(['"GET / HTTP/1.1" 499 - "-" "-"']);
  });

  it('has a WebSocket once it is closed, as 101, and one that was refused', async () => {
    const lines = await logged(
      async (environ, start_response) => {
        if (environ.PATH_INFO !== '/chat') return answer(start_response, 'no', '403 Forbidden');
        await environ['wsgi.websocket']?.receive();
        return [];
      },
      async (port) => {
        const client = await WebSocketClient.connect(port);
        await client.close();
        await send(port, request('/other', { headers: HANDSHAKE }));
      },
    );
    expect(lines).to.deep.equal([
      '"GET /chat HTTP/1.1" 101 - "-" "-"',
      '"GET /other HTTP/1.1" 403 2 "-" "-"',
    ]);
  });
});
