/** What an open WebSocket keeps of its handshake: only what its application holds. */
import { existsSync, readFileSync } from 'node:fs';
import { type IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { frame, RawWebSocket, TEXT } from '../../support/frames.js';
import { collectGarbage } from '../../support/garbage.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const echo: Application = async (environ) => {
  const websocket = environ['wsgi.websocket'];
  for await (const message of websocket ?? []) await websocket?.send(message);
  return [];
};

describe('an open WebSocket', () => {
  const { assignSocket } = ServerResponse.prototype;
  let requests: WeakRef<IncomingMessage>[];
  let responses: WeakRef<ServerResponse>[];

  beforeEach(() => {
    requests = [];
    responses = [];
    ServerResponse.prototype.assignSocket = function (socket) {
      responses.push(new WeakRef(this));
      assignSocket.call(this, socket);
    };
  });

  afterEach(async () => {
    ServerResponse.prototype.assignSocket = assignSocket;
    await closeServers();
    removeTemporaryFolders();
  });

  async function open(options: Parameters<typeof serveApp>[1]): Promise<RawWebSocket> {
    const server = await serveApp(echo, options);
    server.http.on('upgrade', (message) => requests.push(new WeakRef(message)));
    const client = await RawWebSocket.connect(server.serverPort);
    await client.send(frame(TEXT, 'hello'));
    expect(String((await client.next())[0]?.payload)).to.equal('hello');
    expect([requests.length, responses.length]).to.deep.equal([1, 1]);
    return client;
  }

  const left = (refs: readonly WeakRef<object>[]) => refs.filter((ref) => ref.deref() !== undefined).length;

  it('keeps neither its request nor the response', async () => {
    const client = await open({});
    await until(() => {
      collectGarbage();
      return left(requests) + left(responses) === 0;
    });
    await client.send(frame(TEXT, 'again'));
    expect(String((await client.next())[0]?.payload)).to.equal('again');
    client.destroy();
  });

  it('keeps its request where its line in the access log needs that', async () => {
    const accessLogfile = join(temporaryFolder(), 'access.log');
    const client = await open({ accessLogfile, accessLogformat: '%({user-agent}i)s %(U)s %(s)s' });
    await until(() => {
      collectGarbage();
      return left(responses) === 0;
    });
    client.destroy();
    await until(() => existsSync(accessLogfile) && readFileSync(accessLogfile, 'utf8') !== '');
    expect(readFileSync(accessLogfile, 'utf8')).to.match(/^- \/\S* 101\n$/);
  });
});
