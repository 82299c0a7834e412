/** `runWsgiApp`: an application, an environ, and what comes of the two. */
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { createEnviron } from '../../lib/testing/environ-builder.js';
import { runWsgiApp } from '../../lib/testing/memory-exchange.js';
import { setupTestingDefaults } from '../../lib/util/index.js';

describe('runWsgiApp', () => {
  it('returns status, headers, body and errors', async () => {
    const app: Application = (environ, start_response) => {
      environ['wsgi.errors'].write('noted');
      start_response('404 Not Found', [['Content-Type', 'text/plain']]);
      return [Buffer.from('Nothing at '), Buffer.from(environ.PATH_INFO)];
    };
    const response = await runWsgiApp(app, createEnviron('/here'));
    expect([response.status, response.statusCode, response.text, response.errors]).to.deep.equal([
      '404 Not Found',
      404,
      'Nothing at /here',
      'noted',
    ]);
    expect(response.headers).to.deep.equal([['Content-Type', 'text/plain']]);
    expect(response.body).to.deep.equal(Buffer.from('Nothing at /here'));
    expect(response.request).to.equal(undefined);
  });

  it('gives the application a copy of the environ', async () => {
    const environ = createEnviron('/');
    const app: Application = (own, start_response) => {
      for (const key of Object.keys(own)) Reflect.deleteProperty(own, key);
      start_response('200 OK', []);
      return [];
    };
    await runWsgiApp(app, environ);
    expect(environ.PATH_INFO).to.equal('/');
  });

  it('sends no body for HEAD', async () => {
    const app: Application = (_environ, start_response) => {
      start_response('200 OK', []);
      return [Buffer.from('hello')];
    };
    const response = await runWsgiApp(app, createEnviron('/', { method: 'HEAD' }));
    expect([response.text, response.header('content-length')]).to.deep.equal(['', '5']);
  });

  it('takes an environ that something else made', async () => {
    const environ: Record<string, unknown> = { PATH_INFO: '/there' };
    setupTestingDefaults(environ);
    const app: Application = ({ PATH_INFO, SERVER_NAME }, start_response) => {
      start_response('200 OK', []);
      return [Buffer.from(`${SERVER_NAME} ${PATH_INFO}`)];
    };
    expect((await runWsgiApp(app, environ)).text).to.equal('127.0.0.1 /there');
  });

  it('does not take a replaced head for a failure: exc_info before headers were sent', async () => {
    const app: Application = (_environ, start_response) => {
      start_response('200 OK', []);
      start_response('500 Oops', [], new Error('handled'));
      return [Buffer.from('sorry')];
    };
    expect((await runWsgiApp(app, createEnviron())).status).to.equal('500 Oops');
  });

  it('throws what the application throws, or answers with 500', async () => {
    const app: Application = () => {
      throw new Error('as announced');
    };
    const message = await runWsgiApp(app, createEnviron()).catch((error) => error.message);
    expect(message).to.equal('as announced');
  });

  it('refuses what is no application, no environ or no option', async () => {
    const app: Application = () => [];
    const run = runWsgiApp as (...given: unknown[]) => Promise<unknown>;
    const thrown = (...given: unknown[]) => run(...given).catch((error) => String(error));
    expect(await thrown('app', createEnviron())).to.include('An application is a function');
    expect(await thrown(app)).to.include('runWsgiApp takes an environ, such as that of createEnviron()');
    expect(await thrown(app, createEnviron(), { strem: true })).to.include('did you mean stream?');
  });

  it('calls close() once, when the body is complete', async () => {
    const log: string[] = [];
    const app: Application = (_environ, start_response) => {
      start_response('200 OK', []);
      const body = (function* () {
        yield Buffer.from('a');
        log.push('end');
      })();
      return Object.assign(body, { close: () => log.push('close') });
    };
    const { text } = await runWsgiApp(app, createEnviron());
    expect([text, ...log]).to.deep.equal(['a', 'end', 'close']);
  });

  it('runs a synchronous application to its end before it returns', () => {
    const log: string[] = [];
    const app: Application = (_environ, start_response) => {
      start_response('200 OK', []);
      return Object.assign([Buffer.from('a'), Buffer.from('b')], { close: () => log.push('close') });
    };
    void runWsgiApp(app, createEnviron());
    expect(log).to.deep.equal(['close']);
  });
});
