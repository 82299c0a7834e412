/** HEAD: whatever a handler answers GET with, WSocketApp answers with the same head and no body (RFC 9110 section 9.3.2). */
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { Handler } from '../../lib/app/routes.js';
import { WSocketApp } from '../../lib/app/wsocket-app.js';
import { fileWrapper } from '../../lib/environ/file/file-wrapper.js';
import type { Application } from '../../lib/environ/types.js';
import { RequestError } from '../../lib/errors.js';
import { MemoryErrors } from '../../lib/util/testing-defaults.js';
import { validator } from '../../lib/validate/index.js';
import { call, Exchange, environOf } from '../support/call.js';
import { exchange, type Reply } from '../support/peer.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';

const FILE = new URL('../../package.json', import.meta.url);

function boom(): never {
  throw new Error('boom');
}

/** Every kind of handler. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  'a string': () => 'Hello Wörld!',
  bytes: () => Buffer.from([1, 2, 3]),
  'a number': () => 3.3,
  nothing: () => undefined,
  'an empty string': () => '',
  'a promise of a string': async () => 'later',
  'a list of one': () => ['one'],
  'a list of several': () => ['one', 'two'],
  'an empty list': () => [],
  'a Set': () => new Set(['one']),
  'the keys of an object': () => ({ one: 1, two: 2 }),
  'a generator': function* () {
    yield 'one';
    yield 'two';
  },
  'a generator that starts the response': function* (_environ, start_response) {
    start_response(404, { 'X-Late': 'yes' });
    yield '';
    yield 'none';
  },
  'an empty generator': function* () {},
  'an async generator': async function* () {
    yield 'one';
  },
  'an iterable with close()': () => Object.assign(['one'], { close() {} }),
  'a stream': () => Readable.from(['one', 'two']),
  'a stream of the web': () => new Blob(['one']).stream(),
  'a Blob': () => new Blob(['one'], { type: 'text/x' }),
  'a reader': () => {
    const blocks = ['one', 'two', ''];
    return { read: () => blocks.shift() };
  },
  'a FileHandle': () => open(FILE),
  'a file in wsgi.file_wrapper': async (environ) => environ['wsgi.file_wrapper'](await open(FILE)),
  'a declared length': (_environ, start_response) => {
    start_response(200, { 'Content-Length': '6' });
    return ['one', 'two'];
  },
  'write()': (_environ, start_response) => {
    start_response(200, { 'Content-Type': 'text/plain' })('one');
    return ['two'];
  },
  'a status without a body': (_environ, start_response) => {
    start_response(204);
  },
  'not modified': (_environ, start_response) => {
    start_response(304, { ETag: '"x"' });
  },
  'a head that was replaced': (_environ, start_response) => {
    start_response(200, { 'X-First': 'yes' });
    start_response(500, { 'X-Second': 'yes' }, new Error('again'));
    return 'oops';
  },
  'a refusal': () => {
    throw new RequestError(400, 'No');
  },
};

const FAILING: Readonly<Record<string, Handler>> = {
  'an error': boom,
  'a rejection': async () => boom(),
  'a generator that fails at once': function* () {
    yield boom();
  },
  'an async generator that fails at once': async function* () {
    yield boom();
  },
  'something that cannot be sent': () => [Symbol('x')],
};

/** Of the connection, or of the moment. */
const PASSING = ['date', 'connection', 'keep-alive', 'transfer-encoding'];

describe('WSocketApp, asked by HEAD', () => {
  afterEach(closeServers);

  /** The validator refuses a body for HEAD (C-108): what it says would be in the log. */
  async function answers(app: WSocketApp) {
    const quiet: Application = (environ, start_response) =>
      app(Object.assign(environ, { 'wsgi.errors': new MemoryErrors() }), start_response);
    const { serverPort: port } = await serveApp(validator(quiet));
    const send = ['GET', 'HEAD'].map((method) => `${method} / HTTP/1.1\r\nHost: h\r\n\r\n`).join('');
    let reply: Reply | undefined;
    const log = await captureLog(async () => {
      reply = await exchange({ port, send, methods: ['GET', 'HEAD'], responses: 2 });
    });
    const [get, head] = (reply?.responses ?? []).map(({ status, headers, body }) => {
      const kept = Object.entries(headers).filter(([name]) => !PASSING.includes(name));
      return { start: { status, headers: Object.fromEntries(kept) }, body };
    });
    if (get === undefined || head === undefined) return expect.fail('two answers are missing');
    return { get, head, log };
  }

  for (const [kind, handler] of Object.entries(HANDLERS)) {
    it(`answers with the head of GET, and no body, for ${kind}`, async () => {
      const app = new WSocketApp();
      app.route('/', handler);
      const { get, head, log } = await answers(app);
      expect(head.start).to.deep.equal(get.start);
      expect(head.body.length).to.equal(0);
      expect(log).not.to.match(/WsgiAssertionError|ERROR/);
    });
  }

  for (const [kind, handler] of Object.entries(FAILING)) {
    it(`answers with the head of the error page for ${kind}`, async () => {
      const app = new WSocketApp();
      app.route('/', handler);
      const { get, head, log } = await answers(app);
      expect(head.start.status).to.equal(500);
      expect(head.start.headers).to.include({ 'content-type': 'text/html; charset=utf-8' });
      expect(head.start.headers['content-length']).to.match(/^[1-9]/);
      expect([get.body.length > 0, head.body.length]).to.deep.equal([true, 0]);
      expect(log).not.to.include('WsgiAssertionError');
    });
  }

  it('answers so where no route matches, and as the event app', async () => {
    const empty = new WSocketApp();
    empty.route('/other', () => 'x');
    for (const app of [empty, new WSocketApp()]) {
      const { get, head } = await answers(app);
      expect(head.start).to.deep.equal(get.start);
      expect([get.body.length > 0, head.body.length]).to.deep.equal([true, 0]);
    }
  });

  it('gives the Content-Length where GET has it', async () => {
    const app = new WSocketApp();
    app.route('/', () => 'Hello W\u00f6rld!');
    const { head } = await answers(app);
    expect(head.start.headers).to.include({ 'content-length': '13' });
  });

  it('stays synchronous', () => {
    const app = new WSocketApp();
    app.route('/', () => 'x');
    const one = new Exchange(environOf({ REQUEST_METHOD: 'HEAD' }));
    expect(app(one.environ, one.start_response)).to.deep.equal([]);
    expect(one.header('Content-Length')).to.equal('1');
  });

  it('takes no more than the first block, and closes what it does not send', async () => {
    const seen: string[] = [];
    const generator: Handler = function* () {
      try {
        yield 'one';
        seen.push('two');
        yield 'two';
      } finally {
        seen.push('generator closed');
      }
    };
    const closeable: Handler = () => Object.assign(['one'], { close: () => void seen.push('list closed') });
    const file: Handler = (environ) =>
      environ['wsgi.file_wrapper']({
        read: () => Buffer.alloc(0),
        close: () => void seen.push('file closed'),
      });
    for (const handler of [generator, closeable, file]) {
      const app = new WSocketApp();
      app.route('/', handler);
      const { text } = await call(
        app,
        environOf({ REQUEST_METHOD: 'HEAD', 'wsgi.file_wrapper': fileWrapper }),
      );
      expect(text).to.equal('');
    }
    expect(seen).to.deep.equal(['generator closed', 'list closed', 'file closed']);
  });
});
