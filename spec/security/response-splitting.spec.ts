/** Text of a client that an application passes on: it never becomes a header, a cookie or a response of its own. */
import { expect } from 'chai';
import { WSocketApp } from '../../lib/app/wsocket-app.js';
import { TextErrorStream } from '../../lib/environ/error-stream.js';
import type { Application, Environ, StartResponse } from '../../lib/environ/types.js';
import type { Server } from '../../lib/server/server.js';
import { answerTo, statusesOf } from '../support/fuzz.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';

const HOSTILE: Record<string, string> = {
  'CR LF': 'a\r\nX-Evil: 1',
  LF: 'a\nX-Evil: 1',
  CR: 'a\rX-Evil: 1',
  'CR LF at the end': 'a\r\n',
  'a folded line': 'a\r\n X-Evil: 1',
  'a whole response': 'a\r\n\r\nHTTP/1.1 200 OK\r\nX-Evil: 1\r\n\r\n',
  NUL: 'a\0X-Evil: 1',
  DEL: 'a\x7fb',
  'letters that latin-1 would cut to CR LF': 'a\u010d\u010aX-Evil: 1',
  'letters that Node once cut': 'a\u560d\u560aX-Evil: 1',
  'the separators of Unicode': 'a\u2028\u2029b',
  'half a surrogate pair': 'a\ud800',
};

type Passing = (text: string, start_response: StartResponse, environ: Environ) => unknown;

const plain: [string, string] = ['Content-Type', 'text/plain'];

/** Ways of a WSGI application. */
const WSGI: Record<string, Passing> = {
  'the status': (text, start) => start(`200 ${text}`, [plain]),
  'the whole status': (text, start) => start(text, [plain]),
  'the name of a header': (text, start) => start('200 OK', [plain, [text, 'a']]),
  'a part of the name of a header': (text, start) => start('200 OK', [plain, [`X-${text}`, 'a']]),
  'the value of a header': (text, start) => start('200 OK', [plain, ['X-Echo', text]]),
  Location: (text, start) => start('302 Found', [plain, ['Location', `/login?next=${text}`]]),
  'Set-Cookie': (text, start) => start('200 OK', [plain, ['Set-Cookie', `name=${text}; HttpOnly`]]),
  'Content-Length': (text, start) => start('200 OK', [['Content-Length', `2${text}`]]),
  'the name of an early hint': (text, _, environ) => environ['wsgi.early_hints']?.([[text, 'a']]),
  'the value of an early hint': (text, _, environ) => environ['wsgi.early_hints']?.([['Link', text]]),
  'a second start_response': (text, start) => {
    start('200 OK', [plain]);
    start('200 OK', [plain, ['X-Echo', text]], [Error, new Error('why')] as never);
  },
  'a header ahead of write()': (text, start) => start('200 OK', [plain, ['X-Echo', text]])(Buffer.from('a')),
};

/** Ways of a handler of the framework. */
const FRAMEWORK: Record<string, Passing> = {
  'the status': (text, start) => start(text, []),
  'the reason': (text, start) => start(`200 ${text}`, []),
  'a header in a list': (text, start) => start('200 OK', [['X-Echo', text]]),
  'a header in an object': (text, start) => start('200 OK', { 'X-Echo': text } as never),
  'a name in an object': (text, start) => start('200 OK', { [text]: 'a' } as never),
  'a header in a Map': (text, start) => start('200 OK', new Map([['X-Echo', text]]) as never),
  'a name in a Map': (text, start) => start('200 OK', new Map([[text, 'a']]) as never),
  'the media type of a Blob': (text) => new Blob(['a'], { type: `text/${text}` }),
};

describe('response splitting', () => {
  let server: Server;
  let pass: (start_response: StartResponse, environ: Environ) => unknown;

  const wsgi: Application = (environ, start_response) => {
    pass(start_response, environ);
    return [Buffer.from('ok')];
  };
  const framework = new WSocketApp();
  framework.route('/framework', (environ, start_response) => {
    const value = pass(start_response as StartResponse, environ);
    return value instanceof Blob ? value : 'ok';
  });

  before(async () => {
    server = await serveApp((environ, start_response) => {
      // WSocketApp writes the stack to it.
      environ['wsgi.errors'] = new TextErrorStream({ write: () => {} });
      const app: Application = environ.PATH_INFO === '/framework' ? framework : wsgi;
      return app(environ, start_response);
    });
  });

  after(closeServers);

  async function answer(path: string, headers = ''): Promise<string> {
    let raw = '';
    await captureLog(async () => {
      raw = await answerTo(server.serverPort, `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
    });
    return raw;
  }

  for (const [kind, ways, path] of [
    ['a WSGI application', WSGI, '/wsgi'],
    ['a handler of WSocketApp', FRAMEWORK, '/framework'],
  ] as const) {
    for (const [where, way] of Object.entries(ways)) {
      it(`is refused by way of ${where}, of ${kind}`, async () => {
        for (const [what, text] of Object.entries(HOSTILE)) {
          pass = (start_response, environ) => way(text, start_response, environ);
          const raw = await answer(path);
          const [head = ''] = raw.split('\r\n\r\n');
          expect(head, what).not.to.match(/evil/i);
          // A Blob leaves out a type with such characters by itself.
          const status = where.includes('Blob') ? 200 : 500;
          expect(statusesOf(raw), what).to.deep.equal([status]);
        }
      });
    }
  }

  it('is refused by way of a refused WebSocket', async () => {
    const handshake =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n';
    for (const [what, text] of Object.entries(HOSTILE)) {
      pass = (start_response) => start_response('403 Forbidden', [['X-Echo', text]]);
      expect(statusesOf(await answer('/wsgi', handshake)), what).to.deep.equal([500]);
      // A subprotocol must be one that the client asked for, which is a token.
      pass = (_start_response, environ) => environ['wsgi.websocket']?.accept(text);
      expect(statusesOf(await answer('/wsgi', handshake)), what).to.deep.equal([500]);
    }
  });

  it('cannot be asked for by a WebSocket client', async () => {
    pass = (_start_response, environ) =>
      environ['wsgi.websocket']?.accept(environ['wsgi.websocket'].protocols[0]);
    for (const protocol of ['a b', 'a;b', '"a"', 'a, a', 'a\xff', ',', '(']) {
      const raw = await answer(
        '/wsgi',
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
          `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ${protocol}\r\n`,
      );
      expect(statusesOf(raw), protocol).to.deep.equal([400]);
    }
  });

  it('has no Content-Length for an early hint', async () => {
    pass = (_start_response, environ) => environ['wsgi.early_hints']?.([['Content-Length', '5']]);
    expect(statusesOf(await answer('/wsgi'))).to.deep.equal([500]);
  });

  it('takes no time for a value of many blanks', async () => {
    const value = ` a${' '.repeat(500_000)}b`;
    pass = (start_response) => start_response('200 OK', [['X-Echo', value]]);
    const start = process.cpuUsage();
    expect(statusesOf(await answer('/wsgi'))).to.deep.equal([200]);
    // Quadratic, it would be minutes.
    expect(process.cpuUsage(start).user).to.be.below(5_000_000);
  });
});
