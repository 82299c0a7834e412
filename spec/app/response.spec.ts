import { expect } from 'chai';
import { Response } from '../../lib/app/response.js';
import { ApplicationError } from '../../lib/errors.js';
import { call, Exchange, environOf } from '../support/call.js';
import { FakeSocket, respond } from './support.js';

describe('Response', () => {
  describe('#start_response', () => {
    it('may be left out: 200 OK and a Content-Type', async () => {
      const { status, headers, calls, text } = await respond(() => 'Hello World!');
      expect({ status, headers, calls, text }).to.deep.equal({
        status: '200 OK',
        headers: [['Content-Type', 'text/html; charset=utf-8']],
        calls: 1,
        text: 'Hello World!',
      });
    });

    it('may be called without arguments', async () => {
      const { status, headers } = await respond((_environ, start_response) => {
        start_response();
        return 'x';
      });
      expect(status).to.equal('200 OK');
      expect(headers).to.have.length(1);
    });

    it('takes a code, and headers in an object', async () => {
      const { status, headers } = await respond((_environ, start_response) => {
        start_response(404, { 'Content-Type': 'text/plain', 'X-A': '1' });
        return 'x';
      });
      expect(status).to.equal('404 Not Found');
      expect(headers).to.deep.equal([
        ['Content-Type', 'text/plain'],
        ['X-A', '1'],
      ]);
    });

    it('ignores a second call', async () => {
      const { status, header } = await respond((_environ, start_response) => {
        start_response(201, { 'X-A': '1' });
        start_response('nonsense', { 'X-A': '2\n' });
        return 'x';
      }).then((exchange) => ({ status: exchange.status, header: exchange.header('x-a') }));
      expect({ status, header }).to.deep.equal({ status: '201 Created', header: '1' });
    });

    it('replaces status and headers on a second call with exc_info, and passes that on', async () => {
      const thrown = new Error('caught');
      const exchange = await respond((_environ, start_response) => {
        start_response(200, { 'X-Old': '1' });
        start_response(503, { 'X-New': '1' }, [Error, thrown]);
        return 'sorry';
      });
      expect(exchange.status).to.equal('503 Service Unavailable');
      expect(exchange.header('X-Old')).to.equal(undefined);
      expect(exchange.header('X-New')).to.equal('1');
      expect(exchange.excInfo).to.deep.equal([Error, thrown]);
    });

    it('throws the error of exc_info once the head has gone', async () => {
      const thrown = new Error('late');
      let caught: unknown;
      const exchange = await respond(function* (_environ, start_response) {
        start_response();
        yield 'a';
        try {
          start_response(500, [], [Error, thrown]);
        } catch (error) {
          caught = error;
        }
      });
      expect(caught).to.equal(thrown);
      expect(exchange.status).to.equal('200 OK');
    });

    it('throws when it is first called after the first part', async () => {
      let caught: unknown;
      await respond(function* (_environ, start_response) {
        yield 'a';
        try {
          start_response(404);
        } catch (error) {
          caught = error;
        }
      });
      expect(caught).to.be.instanceOf(ApplicationError);
    });

    it('may be called by a generator before its first part', async () => {
      const { status, calls } = await respond(function* (_environ, start_response) {
        yield '';
        start_response('201 Late');
        yield 'x';
      });
      expect({ status, calls }).to.deep.equal({ status: '201 Late', calls: 1 });
    });

    it('may be called again after a call that was refused', async () => {
      const { status } = await respond((_environ, start_response) => {
        try {
          start_response(200, { 'X-A': '10 €' });
        } catch {
          start_response(202);
        }
        return 'x';
      });
      expect(status).to.equal('202 Accepted');
    });

    it('removes entity headers from 204 and adds none', async () => {
      const { headers } = await respond((_environ, start_response) => {
        start_response(204, { 'Content-Length': '0' });
      });
      expect(headers).to.deep.equal([]);
    });

    it('is called on the gateway only when the handler has returned', async () => {
      const exchange = new Exchange(environOf());
      let calls = -1;
      new Response(exchange.environ, exchange.start_response).run((_environ, start_response) => {
        start_response(201);
        calls = exchange.calls;
        return 'x';
      });
      expect(calls).to.equal(0);
      expect(exchange.calls).to.equal(1);
    });
  });

  describe('#write', () => {
    it('sends text and bytes at once, before the body', async () => {
      const exchange = await respond((_environ, start_response) => {
        const write = start_response(201);
        write('hé');
        write(Buffer.from('l'));
        return 'lo';
      });
      expect(exchange.status).to.equal('201 Created');
      expect(exchange.written).to.have.length(2);
      expect(exchange.text).to.equal('héllo');
      expect(exchange.calls).to.equal(1);
    });

    it('hands on the promise of the gateway', async () => {
      const exchange = new Exchange(environOf());
      const pending = Promise.resolve();
      let result: unknown;
      const response = new Response(exchange.environ, () => () => pending);
      response.run((_environ, start_response) => {
        result = start_response()('x');
      });
      expect(result).to.equal(pending);
    });

    it('lets a failure after it go on to the gateway', async () => {
      const thrown = new Error('late');
      const exchange = new Exchange(environOf());
      const response = new Response(exchange.environ, exchange.start_response);
      const run = () =>
        response.run((_environ, start_response) => {
          start_response()('x');
          throw thrown;
        });
      expect(run).to.throw(thrown);
    });
  });

  describe('staying synchronous', () => {
    it('returns an array of one Buffer for a string, not a promise', () => {
      const exchange = new Exchange(environOf());
      const body = new Response(exchange.environ, exchange.start_response).run(() => 'Hello');
      expect(body).to.deep.equal([Buffer.from('Hello')]);
      expect(exchange.calls).to.equal(1);
    });

    it('returns a synchronous iterator for a generator', () => {
      const exchange = new Exchange(environOf());
      const body = new Response(exchange.environ, exchange.start_response).run(function* () {
        yield 'a';
        yield 2020;
      });
      expect(Symbol.iterator in body).to.equal(true);
      expect(Buffer.concat([...(body as Iterable<Uint8Array>)]).toString()).to.equal('a2020');
    });

    it('returns the error page at once', () => {
      const exchange = new Exchange(environOf());
      const body = new Response(exchange.environ, exchange.start_response).run(() => {
        throw new Error('x');
      });
      expect(body).to.be.an('array').with.length(1);
    });
  });

  describe('with a WebSocket', () => {
    it('ignores what is returned once the socket is open, and closes it', async () => {
      const socket = new FakeSocket();
      let closed = 0;
      const exchange = await respond((_environ, start_response) => {
        start_response(201);
        socket.accept();
        return { close: () => closed++, [Symbol.iterator]: () => ['x'][Symbol.iterator]() };
      }, socket.environ);
      expect(exchange.calls).to.equal(0);
      expect(exchange.text).to.equal('');
      expect(closed).to.equal(1);
    });

    it('runs a generator that opens the socket to its end, without a response', async () => {
      const socket = new FakeSocket();
      let ended = false;
      const exchange = await respond(async function* () {
        socket.send('hello');
        yield 'ignored';
        ended = true;
      }, socket.environ);
      expect({ calls: exchange.calls, text: exchange.text, ended }).to.deep.equal({
        calls: 0,
        text: '',
        ended: true,
      });
    });

    it('sends the ordinary response while the socket is not open: the handshake is refused', async () => {
      const exchange = await respond((_environ, start_response) => {
        start_response('403 Forbidden');
        return 'no';
      }, new FakeSocket().environ);
      expect(exchange.status).to.equal('403 Forbidden');
      expect(exchange.text).to.equal('no');
    });
  });

  it('survives a handler that empties environ', async () => {
    const exchange = await respond((environ) => {
      for (const key of Object.keys(environ)) Reflect.deleteProperty(environ, key);
      return 'ok';
    });
    expect(exchange.text).to.equal('ok');
  });

  it('answers with the error page when the gateway refuses the head', async () => {
    const gateway = new Exchange(environOf());
    const exchange = await call((environ, start_response) => {
      let calls = 0;
      const picky: typeof start_response = (...call) => {
        if (calls++ === 0) throw new Error('refused');
        return start_response(...call);
      };
      return new Response(environ, picky).run(() => 'x');
    });
    expect(gateway.calls).to.equal(0);
    expect(exchange.status).to.equal('500 Internal Server Error');
    expect(exchange.excInfo).to.be.an('array');
  });
});
