/** `client.websocket()` of an application that blocks: a script of messages. */
import { expect } from 'chai';
import type { BlockingApplication, WebSocket } from '../../lib/environ/types.js';
import { ReceiveTimeout } from '../../lib/environ/websocket/error.js';
import { Client } from '../../lib/testing/client.js';
import { captureLog } from '../support/serve.js';

/** Runs `talk` for WebSockets, and refuses everything else. */
function talking(talk: (websocket: WebSocket<'blocking'>) => unknown): BlockingApplication {
  return (environ, start_response) => {
    const websocket = environ['wsgi.websocket'];
    if (websocket === undefined) start_response('400 Bad Request', []);
    else talk(websocket);
    return [];
  };
}

const open = (talk: (websocket: WebSocket<'blocking'>) => unknown, options = {}) =>
  new Client(talking(talk), { blocking: true }).websocket('/chat', options);

const echo = (websocket: WebSocket<'blocking'>) => {
  for (const message of websocket) websocket.send(message);
};

describe('Client.websocket of an application that blocks', () => {
  it('gives what was sent in answer to the messages, text and bytes', () => {
    const bytes = Buffer.from([0, 255]);
    const socket = open(echo, { messages: ['héllo', bytes, ''] });
    expect(socket.accepted).to.equal(true);
    expect(socket.sent).to.deep.equal(['héllo', bytes, '']);
    expect(socket.end).to.deep.equal({ code: 1000, reason: '' });
    expect(socket.response.status).to.equal('101 Switching Protocols');
  });

  it('gives null once after the last message, then an error, with the close of the client', () => {
    const seen: unknown[] = [];
    const socket = open(
      (websocket) => {
        seen.push(websocket.receive(), websocket.receive(), websocket.closed, websocket.closeCode);
        expect(() => websocket.receive()).to.throw('already closed');
        expect(() => websocket.send('x')).to.throw('already closed');
        websocket.close();
      },
      { messages: ['one'], close: { code: 4000, reason: 'bye' } },
    );
    expect(seen).to.deep.equal(['one', null, true, 4000]);
    expect(socket.end).to.deep.equal({ code: 4000, reason: 'bye' });
  });

  it('looks at what was sent between two messages', () => {
    const steps: unknown[] = [];
    const socket = open(echo, {
      *messages({ sent }: { sent: unknown[] }) {
        steps.push([...sent]);
        yield 'a';
        steps.push([...sent]);
        yield 'b';
        steps.push([...sent]);
      },
    });
    expect(steps).to.deep.equal([[], ['a'], ['a', 'b']]);
    expect(socket.sent).to.deep.equal(['a', 'b']);
  });

  it('lets receive(timeout) time out where no message comes, and says that it would wait otherwise', () => {
    const seen: unknown[] = [];
    open(
      (websocket) => {
        try {
          websocket.receive(30);
        } catch (error) {
          seen.push(error instanceof ReceiveTimeout);
        }
        seen.push(websocket.receive(30));
      },
      { messages: [undefined, 'late'] },
    );
    expect(seen).to.deep.equal([true, 'late']);
    expect(() => open(echo, { messages: [undefined] })).to.throw('would wait for ever');
  });

  it('throws what the script throws, also where the application catches it', () => {
    const catching = (websocket: WebSocket<'blocking'>) => {
      try {
        websocket.receive();
      } catch {}
    };
    const failing = {
      *messages() {
        yield* [];
        throw new RangeError('expected more');
      },
    };
    expect(() => open(catching, failing)).to.throw(RangeError, 'expected more');
  });

  it('ends with the code of the application: its close, its return, its error', async () => {
    let left = false;
    const closing = (websocket: WebSocket<'blocking'>) => {
      websocket.receive();
      websocket.close(4001, 'enough');
    };
    const closed = open(closing, {
      *messages() {
        try {
          yield 'a';
          yield 'never';
        } finally {
          left = true;
        }
      },
    });
    expect(closed.end).to.deep.equal({ code: 4001, reason: 'enough' });
    expect(left).to.equal(true);
    expect(open((websocket) => websocket.send('x'), { messages: ['unread'] }).end?.code).to.equal(1000);
    const failing = (websocket: WebSocket<'blocking'>) => {
      websocket.accept();
      throw new RangeError('in the talk');
    };
    expect(() => open(failing)).to.throw(RangeError, 'in the talk');
    await captureLog(async () => {
      expect(open(failing, { throwErrors: false }).end?.code).to.equal(1011);
    });
  });

  it('has pings, bufferedAmount, subprotocols, headers of the 101, and keeps their cookies', () => {
    const client = new Client(
      talking((websocket) => {
        websocket.supportedProtocols = ['b'];
        websocket.accept(null, [['Set-Cookie', 'session=1']]);
        websocket.ping('p');
        websocket.send(String(websocket.bufferedAmount));
        expect(() => websocket.accept(null, [['X-A', 'b']])).to.throw('open already');
      }),
      { blocking: true },
    );
    const socket = client.websocket('/', { protocols: ['a', 'b'] });
    expect(socket.protocol).to.equal('b');
    expect(socket.pings).to.deep.equal([Buffer.from('p')]);
    expect(socket.sent).to.deep.equal(['0']);
    expect(socket.response.header('Sec-WebSocket-Protocol')).to.equal('b');
    expect(client.cookies.get('session')?.value).to.equal('1');
    const refused = (websocket: WebSocket<'blocking'>) => websocket.accept(null, [['Upgrade', 'x']]);
    expect(() => open(refused)).to.throw('hop-by-hop');
  });

  it('has the environ of a handshake, and its options', () => {
    const environ: Record<string, unknown> = {};
    const client = new Client(
      talking((websocket) => {
        Object.assign(environ, websocket.environ);
        websocket.accept();
      }),
      { blocking: true },
    );
    client.websocket('/x', { query: { a: 'b' }, headers: { Origin: 'http://o' }, environ: { 'my.key': 1 } });
    expect(environ).to.include({
      REQUEST_METHOD: 'GET',
      PATH_INFO: '/x',
      QUERY_STRING: 'a=b',
      HTTP_UPGRADE: 'websocket',
      HTTP_CONNECTION: 'Upgrade',
      HTTP_SEC_WEBSOCKET_VERSION: '13',
      HTTP_ORIGIN: 'http://o',
      'my.key': 1,
      'wsgi.websocket_version': '13',
      'node.nonblocking': false,
    });
    expect((environ['wsgi.websocket'] as WebSocket).origin).to.equal('http://o');
  });

  it('may be refused, or forgotten', () => {
    const client = new Client(
      (environ, start_response) => {
        if (environ.PATH_INFO === '/refused') start_response('403 Forbidden', []);
        return [Buffer.from('no')];
      },
      { blocking: true },
    );
    const socket = client.websocket('/refused');
    expect(socket).to.include({ accepted: false, end: undefined });
    expect([socket.response.statusCode, socket.response.text]).to.deep.equal([403, 'no']);
    expect(() => client.websocket('/forgotten')).to.throw('start_response');
  });

  it('cannot be opened after start_response, nor answered after it is open', () => {
    const client = new Client(
      (environ, start_response) => {
        if (environ.PATH_INFO === '/before') start_response('403 Forbidden', []);
        environ['wsgi.websocket']?.accept();
        start_response('403 Forbidden', []);
        return [];
      },
      { blocking: true },
    );
    expect(() => client.websocket('/before')).to.throw('although start_response was called');
    expect(() => client.websocket('/after')).to.throw('although the WebSocket is open');
  });

  it('refuses options that do not exist, and a single message', () => {
    expect(() => open(echo, { message: ['x'] })).to.throw(TypeError, 'did you mean messages?');
    expect(() => open(echo, { messages: 'x' })).to.throw(TypeError, 'put a single message into a list');
  });
});
