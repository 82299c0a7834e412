/** A recorded WebSocket conversation, had again. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { WebSocketServer } from 'ws';
import { storedBytes } from '../../../../lib/porting/compare/follow/request-values.js';
import { replayConversation } from '../../../../lib/porting/compare/replay/replay-conversation.js';
import { Spool } from '../../../../lib/porting/compare/replay/spool.js';
import type { Conversation, RecordedRequest } from '../../../../lib/porting/exchange.js';
import { until } from '../../../support/until.js';

type Left = 'closed' | 'lost';

const REQUEST: RecordedRequest = {
  method: 'GET',
  target: '/notes',
  fields: [['Host', 'a']],
  body: storedBytes(Buffer.alloc(0)),
};

describe('a conversation that is had again', function () {
  this.timeout(60_000);
  const spool = new Spool<object>();
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  after(() => spool.close());

  /** Greets, and leaves without a close frame of its own when the client's comes. @returns where, and how its clients left. */
  async function leaving(): Promise<{ to: URL; left: Left[] }> {
    const left: Left[] = [];
    const http = createServer();
    const server = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (client) => {
        let isOver = false;
        const end = (how: Left) => {
          if (!isOver) left.push(how);
          isOver = true;
        };
        socket.prependListener('data', (block: Buffer) => {
          // FIN and the opcode of a close (RFC 6455, section 5.2).
          if (block[0] !== 0x88) return;
          end('closed');
          socket.destroy();
        });
        socket.on('close', () => end('lost'));
        client.on('error', () => {});
        client.send('hello');
      });
    });
    servers.push(http);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return { to: new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}`), left };
  }

  async function have(recorded: Conversation, to: URL): Promise<Conversation> {
    const { conversation } = await replayConversation(REQUEST, recorded, to, spool.body(), { timeout: 20 });
    if (conversation === undefined) throw new Error('The server refused');
    return conversation;
  }

  const OUTLINE: Conversation = {
    messages: [{ from: 'server', data: 'hello', time: 0 }],
    closeCode: 1005,
    closeReason: '',
  };

  it('closes once more as its client did, where the server left without a close frame', async () => {
    const { to, left } = await leaving();
    const first = await have(OUTLINE, to);
    expect(first).to.include({ closeCode: 1006 });
    expect(first.clientClose).to.deep.equal({ code: 1005, reason: '' });
    await have(first, to);
    expect(left).to.deep.equal(['closed', 'closed']);
  });

  it('leaves without a word, where nobody is known to have closed', async () => {
    const { to, left } = await leaving();
    const observed = await have({ ...OUTLINE, closeCode: 1006 }, to);
    expect(observed).to.not.have.property('clientClose');
    await until(() => left.length > 0);
    expect(left).to.deep.equal(['lost']);
  });
});
