/** Every example does what it says. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { runScript } from '../support/cgi-script.js';
import { closeServers, host as serveOther } from '../support/serve.js';
import { WebSocketClient } from '../support/web-socket-client.js';
import { type Check, commandOf, Example, exampleNames, FOLDER, kill, startHost } from './example.js';
import { FRAMEWORK_CHECKS } from './framework-checks.js';

const HEADERS = { 'x-header1': 'header1 value', 'x-header2': 'header2 value' };

async function chat(example: Example): Promise<void> {
  const first = new WebSocketClient(Number(new URL(example.url).port), { path: '/' });
  await once(first.client, 'open');
  first.client.send('anybody here?');
  expect(await first.next()).to.equal('you : anybody here?');
  const second = new WebSocketClient(Number(new URL(example.url).port), { path: '/' });
  await once(second.client, 'open');
  expect(await first.next()).to.equal('somebody came');
  second.client.send('hello');
  expect(await second.next()).to.equal('you : hello');
  expect(await first.next()).to.equal('somebody : hello');
  await first.close();
  expect(await second.next()).to.equal('somebody left');
  await second.close();
}

const CHECKS: Readonly<Record<string, Check>> = {
  // First, for it takes longest.
  'send-generator': {
    does: 'sends the parts of a generator as they come',
    async check(example) {
      expect(await example.text('/at-once')).to.equal('No pauses');
      const { body } = await example.fetch();
      const parts: string[] = [];
      for await (const part of body ?? []) parts.push(Buffer.from(part).toString());
      expect(parts.slice(0, 2)).to.deep.equal(['Hello ', 'World']);
      expect(parts.join('')).to.equal('Hello World!2020');
    },
  },
  choose: {
    does: 'answers what was ported, and passes on the rest',
    async check(example) {
      expect(await example.text('/')).to.equal('/ of the port\n');
      expect(await example.text('/items/7')).to.equal('/items/7 of the port\n');
      expect(await example.text('/users/7/posts')).to.equal('/users/7/posts of the port\n');
      expect(await example.text('/items', { method: 'POST' })).to.equal('POST /items of the original');
      expect(await example.text('/about?x')).to.equal('GET /about?x of the original');
    },
  },
  mirror: {
    does: 'answers with the original, and prints what differs',
    async check(example) {
      expect(await example.text('/x?y')).to.equal('GET /x?y of the original');
      await example.says(/GET \/x\?y differs \[(?:.|\n)*kind: 'body'/);
    },
  },
  hello: {
    does: 'says hello',
    async check(example) {
      const response = await example.fetch();
      expect(response.headers.get('content-type')).to.equal('text/plain');
      expect(await response.text()).to.equal('Hello world!\n');
    },
  },
  websocket: {
    does: 'echoes twice over a WebSocket, and serves a page at the same path',
    async check(example) {
      expect(await example.text()).to.equal('Hello World!');
      expect(await example.talk(2, ['hi'])).to.deep.equal(['you : hi', 'you : hi']);
      await example.says(/participator : hi/);
    },
  },
  'websocket-for-await': {
    does: 'echoes',
    async check(example) {
      expect(await example.talk(2, ['one', 'two'])).to.deep.equal(['one', 'two']);
      expect((await example.fetch()).status).to.equal(400);
    },
  },
  'websocket-timeout': {
    does: 'says that it is still there, and loses no message',
    async check(example) {
      // On a busy machine the first message may come after a timeout.
      const answer = (received: readonly string[]) => received.indexOf('you : hi');
      const received = await example.talk(
        (all) => answer(all) >= 0 && all.length === answer(all) + 3,
        ['hi'],
      );
      expect(received.slice(answer(received))).to.deep.equal(['you : hi', 'still here', 'still here']);
      expect(received.slice(0, answer(received)).every((message) => message === 'still here')).to.equal(true);
    },
  },
  protocol: {
    does: 'answers with its subprotocol',
    async check(example) {
      expect(await example.talk(1, [], '/', ['other', 'WAMP'])).to.deep.equal(['protocol : WAMP']);
    },
  },
  protocols: {
    does: 'takes the first that the client asks for',
    async check(example) {
      expect(await example.talk(1, [], '/', ['v1.chat', 'v2.chat'])).to.deep.equal([
        'asked for v1.chat, v2.chat, speaking v1.chat',
      ]);
    },
  },
  routes: {
    does: 'finds the exact path before the prefix',
    async check(example) {
      expect(await example.text('/hello/world?user=Ksengine&pass=1234')).to.equal(
        'Hello World! Query: user=Ksengine&pass=1234',
      );
      expect(await example.text('/hello/caf%C3%A9')).to.equal('Hello café!');
      expect((await example.fetch('/elsewhere')).status).to.equal(404);
    },
  },
  status: {
    does: 'takes every form of a status',
    async check(example) {
      const status = async (path: string) => {
        const response = await example.fetch(path);
        await response.text();
        return `${response.status} ${response.statusText}`;
      };
      for (const path of ['/nothing', '/default', '/number', '/digits', '/line']) {
        expect(await status(path), path).to.equal('200 OK');
      }
      expect(await status('/teapot')).to.equal("418 I'm a teapot");
      expect(await status('/own')).to.equal('299 Fine by me');
    },
  },
  headers: {
    does: 'takes headers in every form',
    async check(example) {
      for (const path of ['/list', '/dict', '/map']) {
        const { headers } = await example.fetch(path);
        expect(Object.fromEntries(headers), path).to.include(HEADERS);
      }
    },
  },
  'send-string': {
    does: 'sends a string',
    async check(example) {
      const response = await example.fetch();
      expect(response.headers.get('content-type')).to.equal('text/html; charset=utf-8');
      expect(await response.text()).to.equal('Hello World!');
    },
  },
  'send-bytes': {
    does: 'sends bytes',
    async check(example) {
      expect(await example.text('/bytes')).to.equal('Hello');
      expect(await example.text('/encoded')).to.equal('Hello World!');
    },
  },
  'send-file': {
    does: 'sends files',
    async check(example) {
      const content = readFileSync(`${FOLDER}hello.txt`);
      expect(await example.text('/text')).to.equal(content.toString('utf8'));
      const response = await example.fetch('/binary');
      expect(response.headers.get('content-length')).to.equal(String(content.length));
      expect(Buffer.from(await response.arrayBuffer())).to.deep.equal(content);
    },
  },
  'send-file-like': {
    does: 'sends what reads like a file',
    async check(example) {
      expect(await example.text('/string-io')).to.equal('Hello World!');
      expect(await example.text('/bytes-io')).to.equal('Hello World!');
      const response = await example.fetch('/blob');
      expect(response.headers.get('content-type')).to.equal('text/plain');
      expect(await response.text()).to.equal('Hello World!');
      expect(await example.text('/own')).to.equal('3 2 1 ');
      await example.says(/closed/);
    },
  },
  'send-iterables': {
    does: 'sends what can be iterated',
    async check(example) {
      for (const path of ['/list', '/tuple']) {
        expect(await example.text(path), path).to.equal('Hello World!2020');
      }
      for (const path of ['/set', '/dict', '/map']) {
        expect(await example.text(path), path).to.equal('Hello World!');
      }
    },
  },
  'send-number': {
    does: 'sends numbers',
    async check(example) {
      expect(await example.text()).to.equal('3.3');
      expect(await example.text('/date')).to.match(/1970/);
    },
  },
  'error-page': {
    does: 'shows the error, its stack and the report button',
    async check(example) {
      const response = await example.fetch();
      expect(response.status).to.equal(500);
      const page = await response.text();
      expect(page).to.include('<h2>Internal Server Error(500)</h2>');
      expect(page).to.include('<b>RangeError :Division by zero</b>');
      expect(page).to.match(/at divide .*error-page\.ts/);
      expect(page).to.match(/href="https:\/\/tracker\.example\/issues\/new\?title=RangeError.*>report</);
      await example.says(/ERROR:wsgi:GET \/: RangeError: Division by zero/);
    },
  },
  'not-found': {
    does: 'has a page of its own for unknown paths',
    async check(example) {
      const response = await example.fetch('/n%C3%B3where');
      expect(response.status).to.equal(404);
      expect(await response.text()).to.equal('Nothing at /nówhere\n');
      expect(await example.text()).to.equal('Hello World!');
    },
  },
  decorators: {
    does: 'routes to decorated methods',
    async check(example) {
      expect(await example.text()).to.equal('Hello World!');
      expect(await example.text('/hello/you')).to.equal('Hello you!');
    },
  },
  events: {
    does: 'runs the handlers of each event',
    async check(example) {
      expect(await example.talk(3, ['hi'], '/room')).to.deep.equal([
        'welcome to /room',
        'you said: hi',
        'you said: hi',
      ]);
      await example.says(/\/room closed: 1005/);
    },
  },
  ...FRAMEWORK_CHECKS,
  blocking_echo: {
    does: 'echoes twice with a handler that blocks, and serves others meanwhile',
    async check(example) {
      const talks = [example.talk(2, ['hi']), example.talk(2, ['ho'])];
      expect(await example.text()).to.equal('Hello World!');
      expect(await Promise.all(talks)).to.deep.equal([
        ['you : hi', 'you : hi'],
        ['you : ho', 'you : ho'],
      ]);
      await example.says(/participator : hi/);
    },
  },
  chat: { does: 'brings what one says to the others', check: chat },
  blocking_chat: { does: 'brings what one says to the others, from threads', check: chat },
  sse: {
    does: 'sends the news to every page that is open',
    async check(example) {
      expect(await example.text()).to.include("new EventSource('/events')");
      const pages = await Promise.all([example.fetch('/events'), example.fetch('/events')]);
      const readers = pages.map(({ body }) => {
        const reader = body?.getReader();
        return async () => Buffer.from((await reader?.read())?.value ?? []).toString();
      });
      for (const read of readers) expect(await read()).to.equal(': welcome\n\n');
      expect((await example.fetch('/news', { method: 'POST', body: 'one\ntwo' })).status).to.equal(204);
      for (const read of readers) expect(await read()).to.equal('data: one\ndata: two\n\n');
    },
  },
  blocking_generator: {
    does: 'sends the parts of a generator that reads, and takes a form',
    async check(example) {
      expect(await example.text('/lines', { method: 'POST', body: 'a\nb\n' })).to.equal('1: a\n2: b\n');
      const form = new FormData();
      form.append('title', 'Letters');
      form.append('file', new Blob(['abc']), 'a.txt');
      const answer = await example.text('/form', { method: 'POST', body: form });
      expect(answer).to.equal('Letters: a.txt (3 bytes)');
    },
  },
  without_await: {
    does: 'sends the parts of a generator that sleeps, each when it is there',
    async check(example) {
      const { body } = await example.fetch();
      const parts: string[] = [];
      for await (const part of body ?? []) parts.push(Buffer.from(part).toString());
      expect(parts.slice(0, 2)).to.deep.equal(['Hello ', 'World']);
      expect(parts.join('')).to.equal('Hello World!2020');
    },
  },
  blocking_events: {
    does: 'runs the handlers of each event in a thread',
    async check(example) {
      expect(await example.talk(3, ['hi'], '/room')).to.deep.equal([
        'welcome to /room',
        'you said: hi',
        'you said: hi',
      ]);
      await example.says(/\/room closed: 1005/);
    },
  },
  'both-modes': {
    does: 'runs on the event loop',
    async check(example) {
      expect(await example.text('/', { method: 'POST', body: 'abc' })).to.equal('ABC by the event loop\n');
    },
  },
  'environ-keys': {
    does: 'counts its visits in a key of environ',
    async check(example) {
      expect(await example.text()).to.equal('visit 1\n');
      expect(await example.text()).to.equal('visit 2\n');
    },
  },
  middleware: {
    does: 'adds a WebSocket to another application',
    async check(example) {
      expect(await example.text('/caf%C3%A9')).to.equal('the other app, at /café\n');
      expect(await example.talk(1, ['hi'], '/echo')).to.deep.equal(['hi']);
      expect((await example.refusal('/page')).status).to.equal(200);
    },
  },
  form: {
    does: 'reads fields and files',
    async check(example) {
      expect(await example.text()).to.include('<form method="post"');
      const body = new FormData();
      body.set('name', 'Zoë');
      body.set('file', new Blob(['12345'], { type: 'text/plain' }), 'numbers.txt');
      expect(await example.text('/', { method: 'POST', body })).to.equal(
        'Zoë sent numbers.txt, 5 bytes of text/plain\n',
      );
    },
  },
  input: {
    does: 'reads the body as a whole and by line',
    async check(example) {
      const request = { method: 'POST', body: 'one\ntwo\nthree' };
      expect(await example.text('/whole', request)).to.equal('13 bytes: one\ntwo\nthree');
      expect(await example.text('/lines', request)).to.equal('1: one\n2: two\n3: three');
    },
  },
  write: {
    does: 'writes before it returns',
    async check(example) {
      expect(await example.text()).to.equal('line 1\nline 2\nline 3\nand what is returned comes last\n');
    },
  },
  'exc-info': {
    does: 'replaces the head of a response that failed',
    async check(example) {
      const good = await example.fetch('/?{"a":1}');
      expect([good.status, good.statusText, await good.text()]).to.deep.equal([200, 'Froody', '{"a":1}']);
      const bad = await example.fetch('/?{');
      expect([bad.status, bad.statusText]).to.deep.equal([500, 'Oops']);
      expect(await bad.text()).to.equal('error body goes here\n');
    },
  },
  'file-wrapper': {
    does: 'sends a file',
    async check(example) {
      expect(await example.text()).to.equal(readFileSync(`${FOLDER}hello.txt`, 'utf8'));
    },
  },
  'refuse-websocket': {
    does: 'refuses a handshake, and accepts another',
    async check(example) {
      expect(await example.refusal('/')).to.deep.equal({ status: 403, body: 'Say the word\n' });
      expect(await example.talk(1, [], '/?word=sesame')).to.deep.equal(['come in']);
    },
  },
  'abort-signal': {
    does: 'stops its work when the client leaves',
    async check(example) {
      let over = false;
      const said = example.says(/the client left, so the work was stopped/).finally(() => {
        over = true;
      });
      // On a busy machine a client may leave before its request has come.
      while (!over) await example.fetch('/', { signal: AbortSignal.timeout(100) }).catch(() => undefined);
      await said;
    },
  },
  dispatcher: {
    does: 'serves three applications, each of which knows where it is',
    async check(example) {
      expect(await example.text()).to.equal(`127.0.0.1 is at ${example.url}/\n`);
      expect(await example.text('/blog/chat')).to.equal(
        `open ${example.url.replace('http', 'ws')}/blog/chat\n`,
      );
      const headers = { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'https' };
      const told = { ...headers, 'X-Forwarded-Host': 'example.org', 'X-Forwarded-Prefix': '/site' };
      expect(await example.text('/', { headers: told })).to.equal(
        '203.0.113.7 is at https://example.org/site\n',
      );
      const latest = await example.fetch('/blog/latest', { headers: told, redirect: 'manual' });
      expect(latest.headers.get('location')).to.equal('https://example.org/site/blog/2024');
    },
  },
  latinator: {
    does: 'speaks pig latin, between two validators',
    async check(example) {
      const response = await example.fetch();
      expect(response.headers.get('content-length')).to.equal(null);
      expect(await response.text()).to.equal('ellohay orldway\n');
      await example.says(/foo_app was closed\n/);
      expect((await example.fetch('/', { method: 'HEAD' })).status).to.equal(200);
      await example.says(/foo_app was closed\nfoo_app was closed\n/);
      expect(example.output).not.to.match(/WsgiAssertionError|WsgiWarning/);
    },
  },
  'static-files': {
    does: 'sends files, and the page of an application',
    async check(example) {
      const content = readFileSync(`${FOLDER}hello.txt`, 'utf8');
      expect(await example.text()).to.include('/static/hello.txt');
      const response = await example.fetch('/static/hello.txt');
      expect(response.headers.get('cache-control')).to.equal('max-age=60, public');
      expect(await response.text()).to.equal(content);
      expect(await example.text('/robots.txt', { headers: { Range: 'bytes=0-1' } })).to.equal(
        content.slice(0, 2),
      );
      const headers = { 'If-None-Match': response.headers.get('etag') ?? '' };
      expect((await example.fetch('/static/hello.txt', { headers })).status).to.equal(304);
      expect((await example.fetch('/static/missing')).status).to.equal(404);
    },
  },
  'early-hints': {
    does: 'sends a 103 before the page',
    async check(example) {
      const { headers, body } = await example.hints();
      expect(headers).to.have.property('link', '</style.css>; rel=preload; as=style');
      expect(body).to.include('<h1>Hello World!</h1>');
      expect(await example.text('/style.css')).to.equal('h1 { color: teal }');
    },
  },
  stdlib: {
    does: 'parses a query and makes a link, with the lines of Python',
    async check(example) {
      expect(await example.text('/caf%C3%A9?q=a%26b+c&page=2')).to.equal(
        `a&b c, page 2\n${example.url}/caf%C3%A9?q=a%26b+c&page=3\n`,
      );
      expect(await example.text('/?q=')).to.equal(`, page 1\n${example.url}/?q=&page=2\n`);
    },
  },
  cgi: {
    does: 'is a CGI script, and a server when it is started by hand',
    async check(example) {
      const body = 'of 3 bytes, in a process for';
      expect(await example.text('/', { method: 'POST', body: 'abc' })).to.equal(
        `POST ${body} many requests\n`,
      );
      const command = [process.execPath, ...commandOf('cgi')];
      const script = await runScript(command, { REQUEST_METHOD: 'POST', CONTENT_LENGTH: '3' }, 'abc');
      expect(script).to.include({ code: 0, status: '200 OK' });
      expect(script.body.toString()).to.equal(`POST ${body} this request alone\n`);
    },
  },
};

/** They run in a process of their own: threads load its script, the logger of all is set, or they wait for seconds. */
const ALONE = [
  'blocking-under-express',
  'blocking_chat',
  'blocking_echo',
  'blocking_events',
  'blocking_generator',
  'send-generator',
  'websocket',
  'websocket-timeout',
  'without_await',
];
/** As many of these run at once, beside the process of all others. */
const AT_ONCE = 4;

describe('examples', function () {
  this.timeout(120_000);
  const names = exampleNames();
  const results = new Map<string, Promise<void>>();
  let host: ChildProcess | undefined;

  // Side by side, for some of them wait for seconds; each test tells how its own went.
  before(async () => {
    const original = await serveOther((req, res) => void res.end(`${req.method} ${req.url} of the original`));
    process.env['ORIGINAL'] = original.url;
    host = startHost();
    const queues = Array.from({ length: AT_ONCE + 1 }, () => Promise.resolve());
    for (const [i, [name, { check }]] of Object.entries(CHECKS).entries()) {
      const alone = ALONE.includes(name);
      const place = alone ? i % AT_ONCE : AT_ONCE;
      const result = (queues[place] as Promise<void>).then(() => run(name, check, alone ? undefined : host));
      queues[place] = result.catch(() => undefined);
      results.set(name, result);
      result.catch(() => undefined);
    }
  });

  after(async () => {
    delete process.env['ORIGINAL'];
    if (host !== undefined) await kill(host);
    await closeServers();
  });

  for (const [name, { does }] of Object.entries(CHECKS)) {
    it(`${name} ${does}`, async () => expect(await results.get(name)).to.equal(undefined));
  }

  it('are all run here', () => {
    expect(Object.keys(CHECKS).sort()).to.deep.equal(names.sort());
  });

  it('say how to run them in their first line', () => {
    for (const name of names) {
      const [line = ''] = readFileSync(`${FOLDER}${name}.ts`, 'utf8').split('\n');
      expect(line).to.match(new RegExp(`^// .*(node|npx tsx) examples/${name}\\.ts`));
    }
  });
});

async function run(name: string, check: Check['check'], host?: ChildProcess): Promise<void> {
  const example = await Example.start(name, host);
  try {
    await check(example);
  } finally {
    await example.end();
  }
}
