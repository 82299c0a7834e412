/** WebSockets through a proxy. */
import { once } from 'node:events';
import { expect } from 'chai';
import { WebSocket as Client } from 'ws';
import type { Application } from '../../lib/environ/types.js';
import { answer } from '../support/answer.js';
import { closeServers, serveApp } from '../support/serve.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { gate } from '../support/until.js';
import { CLIENT } from './client.js';
import { behindProxies, killProxies, type StartProxy } from './proxy.js';

behindProxies('a WebSocket', (start) => {
  const clients: Client[] = [];

  async function connect(
    app: Application,
    tls = false,
    onMessage: (data: Buffer) => void = () => {},
  ): Promise<Client> {
    const proxy = await serve(start, app);
    const url = tls ? `wss://127.0.0.1:${proxy.tlsPort}/` : `ws://127.0.0.1:${proxy.port}/`;
    const client = new Client(url, { localAddress: CLIENT, rejectUnauthorized: false });
    clients.push(client);
    client.on('message', onMessage);
    await once(client, 'open');
    return client;
  }

  afterEach(async () => {
    for (const client of clients.splice(0)) client.terminate();
    await killProxies();
    await closeServers();
    removeTemporaryFolders();
  });

  it('echoes text and binary messages, small and large', async () => {
    const client = await connect(echo);
    for (const message of ['hello', 'ä'.repeat(50_000), Buffer.alloc(1024 * 1024, 7), Buffer.alloc(0)]) {
      client.send(message);
      const [data, binary] = (await once(client, 'message')) as [Buffer, boolean];
      expect(binary).to.equal(typeof message !== 'string');
      expect(data.equals(Buffer.from(message))).to.equal(true);
    }
  });

  it('tells the application the code with which the client closes', async () => {
    const ended = gate<unknown>();
    const client = await connect(async (environ, start_response) => {
      const websocket = environ['wsgi.websocket'];
      if (websocket === undefined) return answer(start_response);
      ended.open([await websocket.receive(), websocket.closeCode]);
      return [];
    });
    client.close(4001, 'enough');
    expect(await ended.promise).to.deep.equal([null, 4001]);
    expect((await once(client, 'close'))[0]).to.equal(4001);
  });

  it('tells the client the code with which the application closes', async () => {
    const client = await connect(async (environ, start_response) => {
      const websocket = environ['wsgi.websocket'];
      if (websocket === undefined) return answer(start_response);
      await websocket.receive();
      await websocket.close(4002, 'that is all');
      return [];
    });
    client.send('go');
    const [code, reason] = await once(client, 'close');
    expect([code, String(reason)]).to.deep.equal([4002, 'that is all']);
  });

  it('closes with 1001 when the server stops', async () => {
    const client = await connect(echo);
    const closed = once(client, 'close');
    await closeServers();
    expect((await closed)[0]).to.equal(1001);
  });

  it('tells the application of https and of the client', async () => {
    // It may come with the answer to the handshake: too early for a listener that is added then.
    const message = gate<Buffer>();
    const app: Application = async (environ, start_response) => {
      const websocket = environ['wsgi.websocket'];
      if (websocket === undefined) return answer(start_response);
      await websocket.send(`${environ['wsgi.url_scheme']} ${environ.REMOTE_ADDR}`);
      return [];
    };
    await connect(app, true, message.open);
    expect(String(await message.promise)).to.equal(`https ${CLIENT}`);
  });

  it('can be refused', async () => {
    const refuse: Application = (_environ, start_response) => answer(start_response, 'no', '403 Forbidden');
    const { port } = await serve(start, refuse);
    const client = new Client(`ws://127.0.0.1:${port}/`);
    clients.push(client);
    client.on('error', () => {});
    const [, response] = await once(client, 'unexpected-response');
    expect(response.statusCode).to.equal(403);
    expect(Buffer.concat(await response.toArray()).toString()).to.equal('no');
  });
});

const echo: Application = async (environ, start_response) => {
  const websocket = environ['wsgi.websocket'];
  if (websocket === undefined) return answer(start_response);
  for await (const message of websocket) await websocket.send(message);
  return [];
};

async function serve(start: StartProxy, app: Application) {
  const { serverPort } = await serveApp(app, { forwardedAllowIps: ['127.0.0.1'] });
  return start({ at: serverPort });
}
