/** `wsgi.websocket` as an application sees it: the door, subprotocols, and what it receives. */
import { expect } from 'chai';
import type { Environ } from '../../../lib/environ/types.js';
import { WebSocketError } from '../../../lib/environ/websocket/error.js';
import { WebSocket } from '../../../lib/environ/websocket/websocket.js';
import type { Handshake } from '../../../lib/server/websocket/connection.js';
import { BINARY, closeFrame, codeOf, type Frame, frame, TEXT } from '../../support/frames.js';
import {
  closeWebSocketServers,
  echo,
  type Session,
  session,
  turn,
  untilClosed,
} from '../../support/websocket-server.js';

async function thrown(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('WebSocket', () => {
  afterEach(closeWebSocketServers);

  describe('the door', () => {
    const handshake = (accept: Handshake['accept']): Handshake => ({
      version: 13,
      origin: 'http://example.com',
      protocols: ['a', 'b'],
      accept,
    });
    const environ = { PATH_INFO: '/chat' } as Environ;

    it('is closed at first, and the request can be looked at', () => {
      const websocket = WebSocket.make(environ, handshake(expect.fail));
      expect(websocket).to.include({ path: '/chat', version: 13, origin: 'http://example.com', environ });
      expect(websocket).to.include({ opened: false, closed: false, protocol: '', closeCode: undefined });
      expect(websocket.protocols).to.deep.equal(['a', 'b']);
    });

    it('passes on why the handshake cannot be answered', async () => {
      const refused = () => {
        throw new WebSocketError('The request was already answered');
      };
      const websocket = WebSocket.make(environ, handshake(refused));
      expect(() => websocket.accept()).to.throw(WebSocketError, 'already answered');
      expect(() => websocket.send('x')).to.throw(WebSocketError, 'already answered');
      expect(await thrown(() => websocket.receive())).to.be.instanceOf(WebSocketError);
      expect(websocket.opened).to.equal(false);
    });

    it('stays closed for a message that cannot be sent', () => {
      const websocket = WebSocket.make(environ, handshake(expect.fail));
      expect(() => websocket.send(1 as never)).to.throw(TypeError);
    });

    it('cannot be closed with a close code before it is open', () => {
      const websocket = WebSocket.make(environ, handshake(expect.fail));
      expect(() => websocket.close()).to.throw(WebSocketError, 'start_response');
    });

    it('does not open once the application is done', async () => {
      const websocket = WebSocket.make(environ, handshake(expect.fail));
      websocket.finish(1000);
      expect(websocket.closed).to.equal(true);
      expect(() => websocket.accept()).to.throw(WebSocketError, 'Connection is already closed');
      expect(await thrown(() => websocket.receive())).to.have.property('code', 'WSGI_ERR_WEBSOCKET_CLOSED');
      websocket.close();
    });

    for (const [name, open] of Object.entries({
      accept: async (websocket: WebSocket) => {
        websocket.accept();
        websocket.accept();
      },
      send: async (websocket: WebSocket) => websocket.send('x'),
      receive: (websocket: WebSocket) => websocket.receive(),
      'for await': async (websocket: WebSocket) => {
        for await (const _ of websocket) return;
      },
    })) {
      it(`opens with ${name}`, async () => {
        const { client, websocket } = await session(open);
        expect(client.head).to.match(/^HTTP\/1.1 101 /);
        expect(websocket.opened).to.equal(true);
      });
    }
  });

  describe('subprotocols', () => {
    const asked = ['Sec-WebSocket-Protocol: soap, chat, wamp'];
    const answered = ({ client }: Session) =>
      /^Sec-WebSocket-Protocol: (.*)$/m.exec(client.head)?.[1]?.trim();

    it('answers the one that accept() names', async () => {
      const one = await session(async (websocket) => websocket.accept('wamp'), { headers: asked });
      expect([answered(one), one.websocket.protocol]).to.deep.equal(['wamp', 'wamp']);
    });

    it('answers the first of the client that is supported', async () => {
      const one = await session(
        async (websocket) => {
          websocket.supportedProtocols = ['wamp', 'chat'];
          await websocket.receive();
        },
        { headers: asked },
      );
      expect([answered(one), one.websocket.protocol]).to.deep.equal(['chat', 'chat']);
    });

    it('answers none by default, and none when none is supported', async () => {
      expect(answered(await session(echo, { headers: asked }))).to.equal(undefined);
      const other = async (websocket: WebSocket) => {
        websocket.supportedProtocols = ['mqtt'];
        websocket.accept();
      };
      expect(answered(await session(other, { headers: asked }))).to.equal(undefined);
    });

    it('raises for one that the client did not ask for', async () => {
      let raised: unknown;
      await session(
        async (websocket) => {
          raised = await thrown(() => websocket.accept('mqtt'));
          websocket.accept();
        },
        { headers: asked },
      );
      expect(raised).to.be.instanceOf(WebSocketError);
      expect(raised).to.have.property('message').that.includes("'mqtt'").and.includes("'wamp'");
    });
  });

  describe('#receive', () => {
    it('gives text for text frames, and bytes for binary ones, in order', async () => {
      const got: unknown[] = [];
      const { client, seen } = await session(async (websocket) => {
        for (let message = await websocket.receive(); message !== null; message = await websocket.receive()) {
          got.push(message);
        }
      });
      const bytes = Buffer.from([0, 255]);
      await client.send(
        Buffer.concat([frame(TEXT, 'é'), frame(BINARY, bytes), frame(TEXT), frame(BINARY), closeFrame()]),
      );
      await seen.result;
      expect(got).to.deep.equal(['é', bytes, '', Buffer.alloc(0)]);
    });

    it('gives null once when the peer closes, and raises after that', async () => {
      let results: unknown[] = [];
      const { client, seen, websocket } = await session(async (websocket) => {
        const first = await websocket.receive();
        results = [first, websocket.closed, await thrown(() => websocket.receive())];
        results.push(await thrown(() => websocket.send('x')));
      });
      await client.send(closeFrame(4001, 'gone to lunch'));
      await seen.result;
      expect(results.slice(0, 2)).to.deep.equal([null, true]);
      for (const error of results.slice(2)) {
        expect(error).to.include({ name: 'WebSocketError', message: 'Connection is already closed' });
      }
      expect(websocket).to.include({ closeCode: 4001, closeReason: 'gone to lunch' });
    });

    it('gives what came before a close frame, and takes answers to it', async () => {
      const { client } = await session(async (websocket) => {
        websocket.accept();
        await turn();
        await turn();
        await echo(websocket);
      });
      await client.send(Buffer.concat([frame(TEXT, 'a'), frame(TEXT, 'b'), closeFrame(1001)]));
      const frames = await client.toEnd();
      expect(frames.map(({ payload }) => payload.toString('latin1'))).to.deep.equal(['a', 'b', '\x03\xe9']);
    });

    it('gives what came before the connection broke', async () => {
      const got: unknown[] = [];
      const { client, seen, websocket } = await session(async (websocket) => {
        websocket.accept();
        await untilClosed(websocket);
        for (let i = 0; i < 3; i++) got.push(await websocket.receive());
      });
      await client.send(Buffer.concat([frame(TEXT, 'a'), frame(TEXT, 'b')]));
      await turn();
      client.destroy();
      await seen.result;
      expect(got).to.deep.equal(['a', 'b', null]);
      await seen.gone;
      expect(websocket.closeCode).to.equal(1006);
    });

    it('serves calls that overlap in their order, and all of them at the end', async () => {
      let all: unknown;
      const { client, seen } = await session(async (websocket) => {
        all = await Promise.all([
          websocket.receive(),
          websocket.receive(),
          websocket.receive(),
          websocket.receive(),
        ]);
      });
      await client.send(Buffer.concat([frame(TEXT, '1'), frame(TEXT, '2'), closeFrame()]));
      await seen.result;
      expect(all).to.deep.equal(['1', '2', null, null]);
    });

    for (const [what, bytes, code, name] of [
      ['breaks the protocol', frame(3), 1002, 'ProtocolError'],
      ['sends text that is not UTF-8', frame(TEXT, Buffer.from([0xff])), 1007, 'ProtocolError'],
      ['sends too long a message', Buffer.from('82ff0000000001000001', 'hex'), 1009, 'FrameTooLargeError'],
    ] as const) {
      it(`gives null when the peer ${what}; error says why`, async () => {
        let received: unknown;
        const { client, seen, websocket } = await session(async (websocket) => {
          received = await websocket.receive();
        });
        await client.send(bytes);
        expect(codeOf((await client.toEnd())[0] as Frame)).to.equal(code);
        await seen.gone;
        expect(received).to.equal(null);
        expect(websocket.closeCode).to.equal(1006);
        expect(websocket.error?.name).to.equal(name);
      });
    }

    it('gives bytes that later messages do not overwrite', async () => {
      const kept: Buffer[] = [];
      const { client, seen } = await session(async (websocket) => {
        for await (const message of websocket) kept.push(message as Buffer);
      });
      const sent = Array.from({ length: 500 }, (_, i) => Buffer.alloc(700, i & 255));
      await client.send([...sent.map((bytes) => frame(BINARY, bytes)), closeFrame()]);
      await seen.result;
      expect(Buffer.concat(kept).equals(Buffer.concat(sent))).to.equal(true);
    });
  });

  describe('iteration', () => {
    it('ends when the peer closes', async () => {
      const got: unknown[] = [];
      const { client, seen } = await session(async (websocket) => {
        for await (const message of websocket) got.push(message);
        for await (const message of websocket) got.push(message);
        return 'done';
      });
      await client.send([frame(TEXT, 'a'), frame(TEXT, 'b'), closeFrame()]);
      expect(await seen.result).to.equal('done');
      expect(got).to.deep.equal(['a', 'b']);
    });

    it('ends when the application closes, and goes on after a break', async () => {
      const { client, seen } = await session(async (websocket) => {
        for await (const message of websocket) if (message === 'first') break;
        for await (const _ of websocket) websocket.close(4000);
        return 'done';
      });
      await client.send(Buffer.concat([frame(TEXT, 'first'), frame(TEXT, 'second'), frame(TEXT, 'third')]));
      expect(codeOf((await client.next())[0] as Frame)).to.equal(4000);
      expect(await seen.result).to.equal('done');
    });
  });
});
