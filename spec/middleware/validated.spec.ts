/** The middleware between two validators, one on each side: neither finds fault (lib/validate). */
import { expect } from 'chai';
import type { Application, Bytes, Environ, StartResponse } from '../../lib/environ/types.js';
import { cascade, dispatcher, type Middleware, proxyFix, sharedData } from '../../lib/middleware/index.js';
import { validator } from '../../lib/validate/index.js';
import { forgetWarnings } from '../../lib/validate/violation.js';
import { CountedBody } from '../support/call.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const TYPE: [string, string][] = [['Content-Type', 'text/plain']];
const TEXT = 'one two';

/** On HEAD an application has no body (C-108). */
const blocks = ({ REQUEST_METHOD }: Environ) =>
  REQUEST_METHOD === 'HEAD' ? [] : ['one', ' two'].map((text) => Buffer.from(text));

function missing(_environ: Environ, start_response: StartResponse): Bytes[] {
  start_response('404 Not Found', [...TYPE, ['Content-Length', '0']]);
  return [];
}

function* missingLate(environ: Environ, start_response: StartResponse): Generator<Bytes> {
  missing(environ, start_response);
  yield Buffer.alloc(0);
}

/** Every kind of application; each answers with `one two`. */
const APPS: Readonly<Record<string, Application>> = {
  'a list': (environ, start_response) => {
    start_response('200 OK', TYPE);
    return blocks(environ);
  },
  'a generator, which starts in its first step': function* (environ: Environ, start_response: StartResponse) {
    start_response('200 OK', TYPE);
    yield* blocks(environ);
  },
  'an asynchronous one': async (environ, start_response) => {
    await Promise.resolve();
    start_response('200 OK', TYPE);
    return blocks(environ);
  },
  'an asynchronous iterable': (environ, start_response) => ({
    async *[Symbol.asyncIterator]() {
      await Promise.resolve();
      start_response('200 OK', TYPE);
      yield* blocks(environ);
    },
  }),
  'one that writes': (environ, start_response) => {
    const write = start_response('200 OK', TYPE);
    const [first, ...rest] = blocks(environ);
    if (first !== undefined) write(first);
    return rest;
  },
  'one that replaces its head': (environ, start_response) => {
    start_response('404 Not Found', [...TYPE, ['Content-Length', '3']]);
    start_response('200 OK', TYPE, new Error('found after all'));
    return blocks(environ);
  },
};

const PREFIXES = { for: 1, proto: 1, host: 1, port: 1, prefix: 1 };
const HEADERS = {
  'X-Forwarded-For': '192.0.2.1',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': '[2001:db8::1]:8443',
  'X-Forwarded-Prefix': '/caf%C3%A9/',
};

const MIDDLEWARE: Readonly<Record<string, Middleware>> = {
  dispatcher: (app) => dispatcher(validator(missing), { '/x': app }),
  proxyFix: (app) => proxyFix(app, PREFIXES),
  sharedData: (app) => sharedData(app, { '/': temporaryFolder({}) }),
  'cascade, first': (app) => cascade([app, validator(missing)]),
  'cascade, second': (app) => cascade([validator(missing), app]),
  'cascade after one that starts late': (app) => cascade([validator(missingLate), app]),
  'cascade after two': (app) =>
    cascade([validator(missingLate), validator(missing), validator(missingLate), app]),
  'all of them': (app) =>
    proxyFix(
      dispatcher(missing, { '/x': cascade([missingLate, sharedData(app, { '/': temporaryFolder({}) })]) }),
    ),
};

describe('between validators', () => {
  beforeEach(forgetWarnings);
  afterEach(async () => {
    await closeServers();
    removeTemporaryFolders();
  });

  /** Fails if either validator has something to say. */
  async function fetched(app: Application, path: string, init: RequestInit = {}): Promise<Response> {
    const warnings: string[] = [];
    const warned = (warning: Error) => void warnings.push(`${warning.name}: ${warning.message}`);
    process.on('warning', warned);
    let response: Response | undefined;
    try {
      const { address } = await serveApp(validator(app));
      const log = await captureLog(async () => {
        const answer = await fetch(address + path, { redirect: 'manual', ...init });
        response = new Response(
          [204, 304].includes(answer.status) ? null : await answer.arrayBuffer(),
          answer,
        );
        await new Promise(setImmediate);
      });
      expect(log).to.equal('');
    } finally {
      process.off('warning', warned);
    }
    expect(warnings).to.deep.equal([]);
    return response ?? expect.fail('no response');
  }

  for (const [name, middleware] of Object.entries(MIDDLEWARE)) {
    for (const [kind, app] of Object.entries(APPS)) {
      it(`${name} is right around ${kind}`, async () => {
        const wrapped = () => middleware(validator(app));
        const got = await fetched(wrapped(), '/x', { headers: HEADERS });
        expect([got.status, await got.text()]).to.deep.equal([200, TEXT]);
        const head = await fetched(wrapped(), '/x', { method: 'HEAD' });
        expect([head.status, await head.text()]).to.deep.equal([200, '']);
      });
    }

    it(`${name} closes what it was given`, async () => {
      const body = new CountedBody('one', ' two');
      const app: Application = (_environ, start_response) => {
        start_response('200 OK', TYPE);
        return body;
      };
      expect(await (await fetched(middleware(validator(app)), '/x')).text()).to.equal(TEXT);
      expect(body).to.include({ opened: 1, closed: 1 });
    });
  }

  const FILES: [what: string, path: string, init: RequestInit, status: number, text: string][] = [
    ['a file', '/a.txt', {}, 200, '0123456789'],
    ['an empty file', '/empty', {}, 200, ''],
    ['its head', '/a.txt', { method: 'HEAD' }, 200, ''],
    ['a part', '/a.txt', { headers: { Range: 'bytes=2-4' } }, 206, '234'],
    ['no part', '/a.txt', { headers: { Range: 'bytes=20-' } }, 416, ''],
    ['what the client has', '/a.txt', { headers: { 'If-None-Match': '*' } }, 304, ''],
    ['what it must not have', '/a.txt', { headers: { 'If-Match': '"x"' } }, 412, ''],
    ['the way to a folder', '/docs', {}, 301, ''],
  ];
  for (const [what, path, init, status, text] of FILES) {
    it(`sharedData is right with ${what}`, async () => {
      const folder = temporaryFolder({ 'a.txt': '0123456789', empty: '', 'docs/index.html': '<p>' });
      const app = sharedData(validator(missing), { '/': folder }, { index: 'index.html' });
      const answer = await fetched(app, path, init);
      expect([answer.status, await answer.text()]).to.deep.equal([status, text]);
    });
  }
});
