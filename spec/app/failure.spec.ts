import { expect } from 'chai';
import { closedError } from '../../lib/environ/websocket/error.js';
import { ClientDisconnected, ContentTooLarge, RequestError } from '../../lib/errors.js';
import { MemoryErrors } from '../../lib/util/testing-defaults.js';
import type { Exchange } from '../support/call.js';
import { FakeSocket, logged, respond } from './support.js';

describe('a handler that fails', () => {
  /** Runs a handler that throws, and returns what came of it. */
  async function fail(thrown: unknown, level = 40, overrides: Record<string, unknown> = {}) {
    let exchange = undefined as unknown as Exchange;
    const log = await logged(level, async () => {
      exchange = await respond(() => {
        throw thrown;
      }, overrides);
    });
    return { exchange, log };
  }

  it('is answered with 500, a page, and exc_info for the gateway', async () => {
    const thrown = new TypeError('broken');
    const { exchange } = await fail(thrown);
    expect(exchange.status).to.equal('500 Internal Server Error');
    expect(exchange.header('Content-Type')).to.equal('text/html; charset=utf-8');
    expect(exchange.header('Content-Length')).to.equal(String(Buffer.byteLength(exchange.text)));
    expect(exchange.excInfo).to.deep.equal(['TypeError', thrown]);
    expect(exchange.calls).to.equal(1);
  });

  it('shows its stack at level 10 only', async () => {
    expect((await fail(new Error('why'), 10)).exchange.text)
      .to.contain('<b>Error :why</b>')
      .and.contain('failure.spec.ts');
    expect((await fail(new Error('why'), 11)).exchange.text).to.not.match(/<b>|<pre>|failure\.spec\.ts/);
  });

  it('is logged in one line, and its stack goes to wsgi.errors', async () => {
    const { exchange, log } = await fail(new TypeError('broken'), 40, {
      REQUEST_METHOD: 'POST',
      SCRIPT_NAME: '/app',
      PATH_INFO: '/caf\xc3\xa9',
      QUERY_STRING: 'token=1',
    });
    expect(log).to.equal('ERROR:wsgi:POST /app/café: TypeError: broken\n');
    expect(exchange.errors).to.contain('TypeError: broken').and.contain('failure.spec.ts');
  });

  it('cannot forge lines of the log', async () => {
    const { log } = await fail(new Error('a\nERROR:wsgi:b'), 40, { PATH_INFO: '/\r\n\x1b[31m' });
    expect(log).to.equal('ERROR:wsgi:GET /\\x0d\\n\\x1b[31m: Error: a\\nERROR:wsgi:b\n');
  });

  for (const thrown of [null, undefined, 0, 'x', { a: 1 }]) {
    it(`may throw ${JSON.stringify(thrown)}`, async () => {
      const { exchange, log } = await fail(thrown);
      expect(exchange.status).to.equal('500 Internal Server Error');
      expect(exchange.excInfo).to.be.an('array');
      expect(log).to.match(/^ERROR:wsgi:GET \/: /);
    });
  }

  it('may reject', async () => {
    await logged(50, async () => {
      const exchange = await respond(async () => {
        throw new Error('x');
      });
      expect(exchange.status).to.equal('500 Internal Server Error');
    });
  });

  it('loses the headers it had set', async () => {
    await logged(50, async () => {
      const exchange = await respond((_environ, start_response) => {
        start_response(200, { 'X-Old': '1' });
        throw new Error('x');
      });
      expect(exchange.header('X-Old')).to.equal(undefined);
    });
  });

  it('is answered even if wsgi.errors is broken or missing', async () => {
    const write = () => {
      throw new Error('disk full');
    };
    const { exchange, log } = await fail(new Error('x'), 40, { 'wsgi.errors': { write } });
    expect(exchange.status).to.equal('500 Internal Server Error');
    expect(log).to.contain('disk full');
    expect((await fail(new Error('x'), 40, { 'wsgi.errors': undefined })).exchange.calls).to.equal(1);
  });

  it('writes to the wsgi.errors of the request, whatever became of environ', async () => {
    const errors = new MemoryErrors();
    await logged(50, () =>
      respond(
        (environ) => {
          for (const key of Object.keys(environ)) Reflect.deleteProperty(environ, key);
          throw new Error('x');
        },
        { 'wsgi.errors': errors },
      ),
    );
    expect(errors.text).to.contain('Error: x');
  });

  describe('with a RequestError', () => {
    it('is answered with its status and message, and logged as no error', async () => {
      const { exchange, log } = await fail(new ContentTooLarge('more than 1 <MiB>'), 30);
      expect(exchange.status).to.match(/^413 /);
      expect(exchange.text).to.contain('more than 1 &lt;MiB&gt;');
      expect(exchange.errors).to.equal('');
      expect(log).to.equal('');
    });

    it('is a 500 if that has no status of an error', async () => {
      expect((await fail(new RequestError(200, 'x'))).exchange.status).to.match(/^500 /);
    });
  });

  it('lets ClientDisconnected go on to the gateway, untouched', async () => {
    const thrown = new ClientDisconnected();
    const log = await logged(10, async () => {
      const caught = await respond(() => {
        throw thrown;
      }).catch((error: unknown) => error);
      expect(caught).to.equal(thrown);
    });
    expect(log).to.equal('');
  });

  describe('with an open WebSocket', () => {
    async function failOpen(thrown: unknown, level: number) {
      const socket = new FakeSocket();
      let caught: unknown;
      const log = await logged(level, async () => {
        caught = await respond(async () => {
          socket.accept();
          throw thrown;
        }, socket.environ).catch((error: unknown) => error);
      });
      return { caught, log };
    }

    it('goes on to the gateway, which logs it', async () => {
      const thrown = new Error('x');
      const { caught, log } = await failOpen(thrown, 40);
      expect(caught).to.equal(thrown);
      expect(log).to.equal('');
    });

    it('is not an error when only the client left', async () => {
      const thrown = closedError('Connection is already closed');
      const { caught, log } = await failOpen(thrown, 20);
      expect(caught).to.equal(thrown);
      expect(log).to.equal('');
    });
  });
});
