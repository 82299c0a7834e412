/** The validator on our own gateway, in front of real clients. */
import { expect } from 'chai';
import { WSocketApp } from '../../lib/app/wsocket-app.js';
import { FileWrapper } from '../../lib/environ/file/file-wrapper.js';
import type { Application } from '../../lib/environ/types.js';
import { validator } from '../../lib/validate/index.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { type LooseApp, loose, outcomeOf } from './support.js';

const HEADERS = [['Content-Type', 'text/plain']] as const;

/** Posts to the application; the log beside what came. */
async function post(app: Application, path = '/caf%C3%A9%23?a=b') {
  let status = 0;
  let text: string | undefined;
  let length: string | null = null;
  let log = '';
  const { warnings } = await outcomeOf(async () => {
    log = await captureLog(async () => {
      const server = await serveApp(app);
      const url = `http://127.0.0.1:${server.serverPort}${path}`;
      const response = await fetch(url, { method: 'POST', body: 'some\nlines' });
      status = response.status;
      length = response.headers.get('content-length');
      text = await response.text().catch(() => undefined);
      await closeServers();
    });
  });
  return { status, text, length, warnings, log };
}

const framework = new WSocketApp();
framework.route('/café#')((environ) => environ['wsgi.input'].read());

describe('the validator on the gateway', () => {
  afterEach(closeServers);

  const shapes: Readonly<Record<string, Application>> = {
    'a list': async (environ, start_response) => {
      const body = await environ['wsgi.input'].read();
      start_response('200 OK', HEADERS);
      return [body];
    },
    'an async generator': async function* (environ, start_response) {
      start_response('200 OK', HEADERS);
      yield* environ['wsgi.input'];
    },
    'the framework': framework as unknown as Application,
    'a file': async (environ, start_response) => {
      const body = await environ['wsgi.input'].read();
      const parts = [body, null];
      start_response('200 OK', HEADERS);
      return new FileWrapper({ read: () => parts.shift() ?? null, close: () => undefined });
    },
  };
  for (const [what, app] of Object.entries(shapes)) {
    it(`accepts ${what}, and the gateway`, async () => {
      const { status, text, warnings, log } = await post(validator(validator(app)));
      expect(log).to.not.match(/ERROR|WARNING/);
      expect([status, text]).to.deep.equal([200, 'some\nlines']);
      expect(warnings).to.deep.equal([]);
    });
  }

  it('leaves the gateway the length that it infers', async () => {
    const app: Application = (_environ, start_response) => {
      start_response('200 OK', HEADERS);
      return [Buffer.from('four')];
    };
    expect(await post(validator(app))).to.include({ status: 200, text: 'four', length: '4' });
  });

  const wrong: Readonly<Record<string, LooseApp>> = {
    'status-no-space': (_environ, start_response) => {
      start_response('200', HEADERS);
      return [];
    },
    'item-not-bytes': async (_environ, start_response) => {
      start_response('200 OK', HEADERS);
      return ['text'];
    },
    'input-closed': (environ, start_response) => {
      (environ['wsgi.input'] as { close(): void }).close();
      start_response('200 OK', HEADERS);
      return [];
    },
    'body-before-start-response': () => [],
  };
  for (const [code, app] of Object.entries(wrong)) {
    it(`answers 500 to ${code}, and logs it`, async () => {
      const { status, log } = await post(validator(loose(app)));
      expect(status).to.equal(500);
      expect(log).to.contain(`[${code}]`).and.to.contain('WsgiAssertionError');
    });
  }

  it('cuts the response where its head was sent, and logs the violation', async () => {
    const { status, text, log } = await post(
      validator(
        loose(function* (_environ, start_response) {
          start_response('200 OK', [...HEADERS, ['Content-Length', '8']]);
          yield Buffer.from('four');
        }),
      ),
    );
    expect([status, text]).to.deep.equal([200, undefined]);
    expect(log).to.contain('[content-length-mismatch]');
  });

  it('logs what is found when the body is closed', async () => {
    const inner = validator(shapes['a list'] as Application);
    const { log } = await post(
      validator(async (environ, start_response) => {
        const body = await inner(environ, start_response);
        return (async function* () {
          yield* body;
        })();
      }),
    );
    expect(log).to.contain('[middleware-leaves-open]');
  });
});
