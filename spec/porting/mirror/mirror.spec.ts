/** lib/porting/mirror/mirror.ts on the event loop, over HTTP: what reaches the candidate, and that no client notices it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseForm } from '../../../lib/environ/form/form.js';
import type { Application, Body, Environ } from '../../../lib/environ/types.js';
import { ConfigError } from '../../../lib/errors.js';
import { type MirrorOptions, type MirrorResult, mirror, Report } from '../../../lib/porting/index.js';
import { validator } from '../../../lib/validate/index.js';
import { captureLog, closeServers, host, nextLine, serveApp } from '../../support/serve.js';
import { gate, until } from '../../support/until.js';
import { WebSocketClient } from '../../support/web-socket-client.js';

const text =
  (body: string, status = '200 OK'): Application =>
  (_environ, start_response) => {
    start_response(status, [['Content-Type', 'text/plain']]);
    return [Buffer.from(body)];
  };

class Site {
  readonly results: MirrorResult[] = [];
  #url = '';

  static async of(original: Application, candidate: Application | string, options: MirrorOptions = {}) {
    const site = new Site();
    const report = (result: MirrorResult) => void site.results.push(result);
    const server = await serveApp(mirror(original, candidate, { report, ...options }));
    site.#url = `http://127.0.0.1:${server.serverPort}`;
    return site;
  }

  get port(): number {
    return Number(new URL(this.#url).port);
  }

  fetch(path = '/', init?: RequestInit): Promise<Response> {
    return fetch(this.#url + path, init);
  }

  async text(path = '/', init?: RequestInit): Promise<string> {
    return (await this.fetch(path, init)).text();
  }

  async result(number = 1): Promise<MirrorResult> {
    await until(() => this.results.length >= number, `result ${number}`);
    return this.results[number - 1] as MirrorResult;
  }
}

describe('mirror', () => {
  afterEach(closeServers);

  it('answers with the original, and tells that the candidate answers alike', async () => {
    const site = await Site.of(text('hello'), text('hello'));
    expect(await site.text('/a?b')).to.equal('hello');
    const { number, verdict, differences, exchange, original, candidate, dropped } = await site.result();
    expect({ number, verdict, differences, dropped }).to.deep.equal({
      number: 1,
      verdict: 'equal',
      differences: [],
      dropped: 0,
    });
    expect(exchange.request).to.include({ method: 'GET', target: '/a?b' });
    expect(original?.answer).to.include({ status: 200, reason: 'OK' });
    expect(candidate?.answer?.body.size).to.equal(5);
  });

  it('tells what differs', async () => {
    const site = await Site.of(text('hello'), text('not here', '404 Not Found'));
    expect(await site.text()).to.equal('hello');
    const { verdict, differences } = await site.result();
    expect(verdict).to.equal('different');
    expect(differences.map(({ kind }) => kind)).to.include.members(['status', 'body']);
  });

  it('gives the candidate environ as it came, and the original the very same environ and input', async () => {
    let input: unknown;
    let given: Environ | undefined;
    const original: Application = (environ, start_response) => {
      input = environ['wsgi.input'];
      environ.PATH_INFO = '/changed';
      environ['app.key'] = 'by the original';
      return text('')(environ, start_response);
    };
    const candidate: Application = (environ, start_response) => {
      given = environ;
      return text('')(environ, start_response);
    };
    let outer: unknown;
    const results: MirrorResult[] = [];
    const inner = mirror(original, candidate, { report: (result) => void results.push(result) });
    const server = await serveApp((environ, start_response) => {
      outer = environ['wsgi.input'];
      environ['app.outer'] = 'by middleware';
      return inner(environ, start_response);
    });
    await (await fetch(`http://127.0.0.1:${server.serverPort}/x?y=1`, { headers: { 'X-A': 'b' } })).text();
    await until(() => results.length === 1);
    expect(input).to.equal(outer);
    expect(given).to.include({
      PATH_INFO: '/x',
      QUERY_STRING: 'y=1',
      HTTP_X_A: 'b',
      'app.outer': 'by middleware',
    });
    expect(given).not.to.have.property('app.key');
    expect(await given?.['wsgi.input'].read()).to.have.length(0);
    expect(given?.['node.abort_signal'].aborted).to.equal(false);
  });

  it('leaves how a body is framed: lists, files, lengths, streams, what is written', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mirror-'));
    writeFileSync(join(folder, 'file'), 'in a file');
    const closed: string[] = [];
    const app: Application = async (environ, start_response) => {
      const write = start_response('200 OK', [['Content-Type', 'text/plain']]);
      switch (environ.PATH_INFO) {
        case '/list':
          return [Buffer.from('one block')];
        case '/file':
          return environ['wsgi.file_wrapper'](await open(join(folder, 'file')));
        case '/set':
          return Object.assign(new Set([Buffer.from('sized')]), { length: 1 });
        case '/write':
          await write(Buffer.from('written '));
          return [Buffer.from('and returned')];
        default:
          return Object.assign(
            (async function* () {
              yield Buffer.from('in ');
              yield Buffer.from('parts');
            })(),
            { close: () => closed.push('closed') },
          ) as Body;
      }
    };
    const site = await Site.of(app, app);
    const bare = await serveApp(app);
    let number = 0;
    for (const path of ['/list', '/file', '/set', '/write', '/stream']) {
      const [one, other] = await Promise.all([
        site.fetch(path),
        fetch(`http://127.0.0.1:${bare.serverPort}${path}`),
      ]);
      for (const name of ['content-length', 'transfer-encoding']) {
        expect(one.headers.get(name), path).to.equal(other.headers.get(name));
      }
      expect(await one.text(), path).to.equal(await other.text());
      await site.result(++number);
    }
    expect(site.results.map(({ verdict }) => verdict)).to.deep.equal(Array(5).fill('equal'));
    expect(site.results.map(({ candidate }) => candidate?.answer?.body.size)).to.deep.equal([9, 9, 5, 20, 8]);
    expect(closed).to.deep.equal(['closed', 'closed', 'closed']);
    rmSync(folder, { recursive: true });
  });

  it('copies GET and HEAD only, and no WebSocket', async () => {
    const calls: string[] = [];
    const candidate: Application = (environ, start_response) => {
      calls.push(environ.REQUEST_METHOD);
      return text('')(environ, start_response);
    };
    const original: Application = async (environ, start_response) => {
      await environ['wsgi.websocket']?.send('hi');
      return environ['wsgi.websocket'] ? [] : text('')(environ, start_response);
    };
    const site = await Site.of(original, candidate);
    const socket = await WebSocketClient.connect(site.port);
    expect(await socket.next()).to.equal('hi');
    await socket.closed;
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'GET']) {
      await (await site.fetch('/', { method })).text();
    }
    await site.result(2);
    expect(calls).to.deep.equal(['HEAD', 'GET']);
  });

  it('compares an answer whose body is not sent, of which the gateway asks for no more than one block', async () => {
    const blocks =
      (status: string, more: [string, string][] = []): Application =>
      (_environ, start_response) => {
        start_response(status, [['Content-Type', 'text/plain'], ...more]);
        return (function* () {
          yield* [Buffer.from('one'), Buffer.from('two'), Buffer.from('three')];
        })();
      };
    for (const [status, more] of [
      ['200 OK', []],
      ['200 OK', [['Content-Length', '11']]],
    ] as [string, [string, string][]][]) {
      const site = await Site.of(blocks(status, more), blocks(status, [...more, ['X-Other', '1']]));
      await site.text('/', { method: 'HEAD' });
      const { differences } = await site.result();
      expect(differences.map(({ kind, where }) => `${kind} ${where}`)).to.deep.equal(['header X-Other']);
    }
  });

  it('copies what the original reads of a body, for the methods that it is told', async () => {
    const bodies: string[] = [];
    const echo =
      (name: string): Application =>
      async (environ, start_response) => {
        const input = environ['wsgi.input'];
        const whole: Buffer[] = [];
        if (environ.PATH_INFO === '/read') whole.push(await input.read());
        if (environ.PATH_INFO === '/lines') for await (const line of input) whole.push(line);
        if (environ.PATH_INFO === '/readlines') whole.push(...(await input.readlines()));
        if (environ.PATH_INFO === '/part') whole.push(await input.read(2));
        bodies.push(`${name} ${Buffer.concat(whole)}`);
        start_response('200 OK', []);
        return whole;
      };
    const site = await Site.of(echo('original'), echo('candidate'), { methods: ['POST'] });
    for (const path of ['/part', '/read', '/lines', '/readlines']) {
      await site.text(path, { method: 'POST', body: 'a=1\nb=2' });
    }
    await site.result(3);
    expect(bodies.filter((one) => one.startsWith('candidate'))).to.deep.equal(
      Array(3).fill('candidate a=1\nb=2'),
    );
  });

  it('copies a form with its files', async () => {
    const upload: Application = async (environ, start_response) => {
      const form = await parseForm(environ);
      const answer = `${form.fields.get('name')} ${await form.files.get('file')?.text()}`;
      await form.close();
      return text(answer)(environ, start_response);
    };
    const site = await Site.of(upload, upload, { methods: ['POST'] });
    const body = new FormData();
    body.set('name', 'Zo\u00eb');
    body.set('file', new Blob(['content']), 'a.txt');
    expect(await site.text('/', { method: 'POST', body })).to.equal('Zo\u00eb content');
    expect((await site.result()).verdict).to.equal('equal');
  });

  it('keeps the rules of PEP 3333 towards all three', async () => {
    const site = await Site.of(validator(text('a')), validator(text('a')));
    const server = await serveApp(validator(mirror(validator(text('a')), validator(text('a')))));
    expect(await (await fetch(`http://127.0.0.1:${server.serverPort}/`)).text()).to.equal('a');
    expect(await site.text()).to.equal('a');
    expect((await site.result()).verdict).to.equal('equal');
    expect(site.results[0]?.candidate?.failure).to.equal(undefined);
  });

  it('gives results that a Report takes', async () => {
    const report = new Report({ archive: 'today', original: 'old', candidate: 'new' });
    const site = await Site.of(text('a'), text('b', '404 Not Found'));
    await site.text('/x?y');
    await report.add(await site.result());
    expect(await report.text())
      .to.include('GET /x')
      .and.to.include('1 exchange');
  });

  it('takes a sample', async () => {
    const site = await Site.of(text(''), text(''), { sample: 0 });
    await site.text();
    const half = await Site.of(text(''), text(''), { sample: 0.5, maxQueue: 1000 });
    for (let i = 0; i < 100; i++) await half.text();
    await until(() => half.results.length > 10);
    expect(half.results.length).to.be.lessThan(90);
    expect(site.results).to.deep.equal([]);
  });

  it('calls the candidate after the answer', async () => {
    const last = gate();
    let called = false;
    const original: Application = (_environ, start_response) => {
      start_response('200 OK', []);
      return (async function* () {
        yield Buffer.from('first');
        await last.promise;
        yield Buffer.from('last');
      })();
    };
    const site = await Site.of(original, (...request) => {
      called = true;
      return text('firstlast')(...request);
    });
    const response = await site.fetch();
    const reader = response.body?.getReader();
    await reader?.read();
    expect(called).to.equal(false);
    last.open();
    while (!(await reader?.read())?.done);
    await site.result();
    expect(called).to.equal(true);
  });

  it('takes the URL of a server for a candidate', async () => {
    const other = await host((req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/plain' });
      res.end(`${req.headers.host} ${req.url}`);
    });
    const site = await Site.of(
      (environ, start_response) =>
        text(`${environ.HTTP_HOST} ${environ.REQUEST_URI}`)(environ, start_response),
      other.url,
    );
    await site.text('/x?y');
    expect((await site.result()).differences).to.deep.equal([]);
  });

  it('takes rules of what is not compared', async () => {
    const numbered = (): Application => (environ, start_response) =>
      text(`took ${Math.random()} ms`)(environ, start_response);
    const site = await Site.of(numbered(), numbered(), { ignore: ['/[0-9.e-]+ ms/'] });
    await site.text();
    expect((await site.result()).verdict).to.equal('equal');
  });

  it('logs one line for each difference where there is no report function', async () => {
    const server = await serveApp(mirror(text('a'), text('b', '500 Oops')));
    const log = await captureLog(async () => {
      const line = nextLine();
      await (await fetch(`http://127.0.0.1:${server.serverPort}/x?secret=1`)).text();
      await line;
    });
    expect(log).to.match(/mirror: GET \/x differs: status: 500 instead of 200/);
    expect(log).not.to.include('secret');
  });

  const WRONG: [options: object, message: RegExp][] = [
    [{ sample: 2 }, /sample of mirror\(\) is a number from 0 to 1, not 2/],
    [{ methods: 'GET' }, /methods of mirror\(\) is an array/],
    [{ methods: ['get'] }, /methods in capitals/],
    [{ timeout: 0 }, /timeout of mirror\(\)/],
    [{ maxQueue: 1.5 }, /maxQueue of mirror\(\) is a whole number/],
    [{ report: 'x' }, /report of mirror\(\) is a function/],
    [{ ignore: ['a b'] }, /a b/],
    [{ samples: 1 }, /did you mean sample/],
  ];
  for (const [options, message] of WRONG) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => mirror(text(''), text(''), options)).to.throw(ConfigError, message);
    });
  }

  it('refuses what is not an application', () => {
    expect(() => mirror('x' as never, text(''))).to.throw(ConfigError, /original that is a function/);
    expect(() => mirror(text(''), 7 as never)).to.throw(ConfigError, /candidate that is a function/);
    expect(() => mirror(text(''), 'a:b:c')).to.throw(ConfigError, /does not name an application/);
  });
});
