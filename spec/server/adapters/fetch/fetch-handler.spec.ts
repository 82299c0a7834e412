/** `toFetchHandler`, called as a fetch server calls it. */
import { expect } from 'chai';
import type { Application } from '../../../../lib/environ/types.js';
import { ClientDisconnected, ConfigError } from '../../../../lib/errors.js';
import {
  type FetchHandlerOptions,
  toFetchHandler,
} from '../../../../lib/server/adapters/fetch/fetch-handler.js';
import { answer, type Shown, show } from '../../../support/answer.js';
import { captureLog } from '../../../support/serve.js';
import { gate, until } from '../../../support/until.js';

const BASE = 'http://example.org';

async function seen(request: Request, options?: FetchHandlerOptions, info?: unknown): Promise<Shown> {
  const response = await toFetchHandler(show, options)(request, info);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Shown;
}

/** Yields without end, and counts what was asked for and closed. */
function endless(block: number) {
  const counts = { pulled: 0, returned: 0, closed: 0 };
  const app: Application = (_environ, start_response) => {
    start_response('200 OK', []);
    return {
      async *[Symbol.asyncIterator]() {
        try {
          for (;;) {
            counts.pulled++;
            yield Buffer.alloc(block);
          }
        } finally {
          counts.returned++;
        }
      },
      close: () => counts.closed++,
    };
  };
  return { app, counts };
}

/** The error that a promise rejects with. */
async function failure(promise: Promise<unknown> | undefined): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It did not reject');
}

describe('toFetchHandler', () => {
  describe('environ', () => {
    it('comes from the Request', async () => {
      const request = new Request(`${BASE}:8000/caf%C3%A9/a%2Fb?x=%20y#hash`, {
        method: 'PUT',
        body: 'body',
        headers: { 'X-A': 'b', X_C: 'd', 'Content-Type': 'text/plain' },
      });
      expect(await seen(request)).to.deep.include({
        REQUEST_METHOD: 'PUT',
        SCRIPT_NAME: '',
        PATH_INFO: '/caf\xc3\xa9/a/b',
        QUERY_STRING: 'x=%20y',
        REQUEST_URI: '/caf%C3%A9/a%2Fb?x=%20y',
        RAW_URI: '/caf%C3%A9/a%2Fb?x=%20y',
        SERVER_NAME: 'example.org',
        SERVER_PORT: '8000',
        SERVER_PROTOCOL: 'HTTP/1.1',
        HTTP_HOST: 'example.org:8000',
        HTTP_X_A: 'b',
        CONTENT_TYPE: 'text/plain',
        REMOTE_ADDR: '',
        'wsgi.url_scheme': 'http',
        body: 'body',
      });
    });

    it('has what is not there left out', async () => {
      const keys = Object.keys(await seen(new Request(BASE, { method: 'POST', body: 'x' })));
      expect(keys).not.to.include.members(['CONTENT_LENGTH']);
      expect(keys).not.to.include.members(['REMOTE_PORT']);
      expect(keys).not.to.include.members(['HTTP_X_C']);
    });

    it('has the port of its scheme, and brackets for IPv6', async () => {
      expect(await seen(new Request('https://[::1]/'))).to.include({
        SERVER_NAME: '[::1]',
        SERVER_PORT: '443',
        HTTP_HOST: '[::1]',
        'wsgi.url_scheme': 'https',
      });
    });

    it('knows the client from what the server tells, or the option does', async () => {
      const request = () => new Request(BASE);
      const node = { incoming: { socket: { remoteAddress: '192.0.2.1', remotePort: 1234 } } };
      expect(await seen(request(), {}, node)).to.include({ REMOTE_ADDR: '192.0.2.1', REMOTE_PORT: '1234' });
      const dual = { incoming: { socket: { remoteAddress: '::ffff:192.0.2.1', remotePort: 1 } } };
      expect(await seen(request(), {}, dual)).to.include({ REMOTE_ADDR: '192.0.2.1' });
      const deno = { remoteAddr: { hostname: '192.0.2.2', port: 5678 } };
      expect(await seen(request(), {}, deno)).to.include({ REMOTE_ADDR: '192.0.2.2', REMOTE_PORT: '5678' });
      const options = { remoteAddr: (_request: Request, info: unknown) => String(info) };
      expect(await seen(request(), options, '192.0.2.3')).to.include({ REMOTE_ADDR: '192.0.2.3' });
    });

    it('has the mount point of the option scriptName', async () => {
      const options = { scriptName: '/app' };
      const inside = await seen(new Request(`${BASE}/app/x`), options);
      expect(inside).to.include({ SCRIPT_NAME: '/app', PATH_INFO: '/x' });
      const outside = await toFetchHandler(show, options)(new Request(`${BASE}/x`));
      expect(outside.status).to.equal(404);
    });

    it('believes the proxies that it is told to', async () => {
      const request = new Request(BASE, {
        headers: { 'X-Forwarded-For': '192.0.2.9', 'X-Forwarded-Proto': 'https' },
      });
      const proxied = await seen(request, { forwardedAllowIps: ['*'] });
      expect(proxied).to.include({ REMOTE_ADDR: '192.0.2.9', 'wsgi.url_scheme': 'https' });
    });
  });

  it('refuses options that are unknown, or the server’s', () => {
    const make = (options: object) => () => toFetchHandler(show, options as FetchHandlerOptions);
    expect(make({ remoteAddress: 1 })).to.throw(ConfigError, 'There is no option remoteAddress');
    expect(make({ timeout: 1 })).to.throw(ConfigError, 'toFetchHandler has no option timeout');
  });

  describe('the response', () => {
    const respond = (status: string, headers: [string, string][] = [], body = ['body'], method = 'GET') => {
      const app: Application = (_environ, start_response) => {
        start_response(status, headers);
        return body.map((part) => Buffer.from(part));
      };
      return toFetchHandler(app)(new Request(BASE, { method }));
    };

    it('has status, reason, headers and body', async () => {
      const response = await respond('201 Made It', [
        ['X-A', 'caf\xe9'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ]);
      expect([response.status, response.statusText]).to.deep.equal([201, 'Made It']);
      expect(response.headers.get('x-a')).to.equal('caf\xe9');
      expect(response.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
      expect(response.headers.get('content-length')).to.equal('4');
      expect(await response.text()).to.equal('body');
    });

    it('has no body where there is none', async () => {
      const NONE: [status: string, method: string][] = [
        ['204 No Content', 'GET'],
        ['205 Reset Content', 'GET'],
        ['304 Not Modified', 'GET'],
        ['200 OK', 'HEAD'],
      ];
      for (const [status, method] of NONE) {
        const response = await respond(status, [], [], method);
        expect(response.body, status).to.equal(null);
      }
    });

    it('is 500 for a status that a Response cannot show', async () => {
      const log = await captureLog(async () => {
        const response = await respond('600 Odd', [['X-A', 'b']]);
        expect(response.status).to.equal(500);
        expect(response.headers.has('x-a')).to.equal(false);
      });
      expect(log).to.include('The status 600 cannot be shown');
    });

    it('is 500 for an application that fails, and 413 for too large a body', async () => {
      const log = await captureLog(async () => {
        const failing = toFetchHandler(() => {
          throw new Error('mine');
        });
        expect((await failing(new Request(BASE))).status).to.equal(500);
      });
      expect(log).to.include('Error: mine');
      const small = toFetchHandler(show, { limitRequestBody: 3 });
      const request = () => new Request(BASE, { method: 'POST', body: 'four' });
      expect((await small(request())).status).to.equal(413);
      const declared = new Request(request(), { headers: { 'Content-Length': '4' } });
      expect((await small(declared)).status).to.equal(413);
    });

    for (const [length, status] of [
      ['1e3', 400],
      ['0x4', 400],
      ['4, 4', 400],
      ['9007199254740993', 413],
    ] as const) {
      it(`is ${status} for a Content-Length of ${length}, which no parser has looked at`, async () => {
        const declared = new Request(BASE, {
          method: 'POST',
          body: 'four',
          headers: { 'Content-Length': length },
        });
        expect((await toFetchHandler(show)(declared)).status).to.equal(status);
      });
    }

    it('fails to be read where it was cut short, behind what was sent', async () => {
      await captureLog(async () => {
        const app: Application = (_environ, start_response) => {
          start_response('200 OK', [['Content-Length', '10']]);
          return [Buffer.from('par'), Buffer.from('t')];
        };
        const reader = (await toFetchHandler(app)(new Request(BASE))).body?.getReader();
        expect(Buffer.from((await reader?.read())?.value ?? []).toString()).to.equal('par');
        expect(Buffer.from((await reader?.read())?.value ?? []).toString()).to.equal('t');
        expect(await failure(reader?.read()))
          .to.be.an('error')
          .with.property('message', 'The response was cut short: see the log of the server');
      });
    });
  });

  describe('streams', () => {
    it('asks the application for no more than the reader takes', async () => {
      const { app, counts } = endless(10_000);
      const reader = (await toFetchHandler(app)(new Request(BASE))).body?.getReader();
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(counts.pulled).to.be.within(1, 4);
      for (let i = 0; i < 20; i++) await reader?.read();
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(counts.pulled).to.be.within(20, 24);
      await reader?.cancel();
    });

    it('gives way to the event loop, however fast it is read', async () => {
      const app: Application = (_environ, start_response) => {
        start_response('200 OK', []);
        return (function* () {
          for (;;) yield Buffer.from('x');
        })();
      };
      const response = await toFetchHandler(app)(new Request(BASE));
      let stop = false;
      setTimeout(() => {
        stop = true;
      }, 20);
      for await (const _block of response.body ?? []) if (stop) break;
      expect(stop).to.equal(true);
    });

    it('reads the body as the application does, and answers meanwhile', async () => {
      const sent = new TransformStream<Uint8Array, Uint8Array>();
      const writer = sent.writable.getWriter();
      const app: Application = (environ, start_response) => {
        start_response('200 OK', []);
        return (async function* () {
          for await (const line of environ['wsgi.input']) yield line;
        })();
      };
      const request = new Request(BASE, { method: 'POST', body: sent.readable, duplex: 'half' });
      const answered = toFetchHandler(app)(request);
      const write = writer.write(Buffer.from('one\ntw'));
      const reader = (await answered).body?.getReader();
      expect(String(Buffer.from((await reader?.read())?.value ?? []))).to.equal('one\n');
      await write;
      writer.write(Buffer.from('o\n'));
      expect(String(Buffer.from((await reader?.read())?.value ?? []))).to.equal('two\n');
      writer.close();
      expect((await reader?.read())?.done).to.equal(true);
    });

    it('leaves a body alone that the application does not read', async () => {
      let pulls = 0;
      const body = new ReadableStream({ pull: () => void pulls++ }, { highWaterMark: 0 });
      const request = new Request(BASE, { method: 'POST', body, duplex: 'half' });
      await toFetchHandler((_environ, start_response) => answer(start_response))(request);
      expect(pulls).to.equal(0);
    });

    it('refuses a body that was read before', async () => {
      const request = new Request(BASE, { method: 'POST', body: 'x' });
      await request.text();
      const log = await captureLog(async () => {
        expect((await toFetchHandler(show)(request)).status).to.equal(500);
      });
      expect(log).to.include('read before the application got it');
    });

    it('has a body that is cut short fail', async () => {
      const errors: unknown[] = [];
      const app: Application = async (environ, start_response) => {
        errors.push(await failure(environ['wsgi.input'].read()));
        return answer(start_response);
      };
      const post = (body: string | ReadableStream, headers: Record<string, string> = {}) =>
        toFetchHandler(app)(new Request(BASE, { method: 'POST', body, headers, duplex: 'half' }));
      await post('four', { 'Content-Length': '5' });
      await post(new ReadableStream({ pull: () => Promise.reject(new Error('gone')) }));
      expect(errors).to.have.length(2);
      for (const error of errors) expect(error).to.be.instanceOf(ClientDisconnected);
    });
  });

  describe('a client that goes', () => {
    it('closes the iterable, once, when the body is cancelled', async () => {
      const { app, counts } = endless(1000);
      let signal: AbortSignal | undefined;
      const response = await toFetchHandler((environ, start_response) => {
        signal = environ['node.abort_signal'];
        return app(environ, start_response);
      })(new Request(BASE));
      await response.body?.cancel();
      await until(() => counts.closed === 1 && counts.returned === 1);
      expect(signal?.aborted).to.equal(true);
      expect(signal?.reason).to.be.instanceOf(ClientDisconnected);
    });

    it('closes the iterable, once, when the request is aborted, and fails the body', async () => {
      const aborter = new AbortController();
      const { app, counts } = endless(1000);
      const request = new Request(BASE, { signal: aborter.signal });
      const response = await toFetchHandler(app)(request);
      aborter.abort();
      expect(await failure(response.text())).to.be.instanceOf(ClientDisconnected);
      await until(() => counts.closed === 1 && counts.returned === 1);
    });

    it('fires node.abort_signal before there is a response, which is then empty', async () => {
      const aborter = new AbortController();
      const fired = gate();
      const app: Application = async (environ, start_response) => {
        environ['node.abort_signal'].addEventListener('abort', () => fired.open());
        await fired.promise;
        return answer(start_response);
      };
      const answered = toFetchHandler(app)(new Request(BASE, { signal: aborter.signal }));
      aborter.abort();
      await fired.promise;
      expect([(await answered).status, (await answered).body]).to.deep.equal([499, null]);
    });

    it('has the application not called at all if it went before', async () => {
      let calls = 0;
      const handler = toFetchHandler((_environ, start_response) => {
        calls++;
        return answer(start_response);
      });
      await handler(new Request(BASE, { signal: AbortSignal.abort() }));
      expect(calls).to.equal(0);
    });
  });
});
