/** Handlers that were written to block, on the event loop: what they do wrong is said once, with what to do. */
import { expect } from 'chai';
import { Command, killCommands } from './support/command.js';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary-folder.js';
import { closeClients, WebSocketClient } from './support/web-socket-client.js';

const LIB = new URL('../dist/index.js', import.meta.url).href;
const INSTEAD = /write await before it, or let handlers block as in Python: run\(app, \{ threads: 8 \}\)/;

const APP = `import { parseForm, sleep } from ${JSON.stringify(LIB)};
const handlers = {
  '/template': ({ 'wsgi.input': input }) => \`You sent \${input.read()}\`,
  '/plus': ({ 'wsgi.input': input }) => 'You sent ' + input.readline(),
  '/string': ({ 'wsgi.input': input }) => input.readlines().toString(),
  '/json': (environ) => JSON.stringify({ form: parseForm(environ) }),
  '/sleep': () => {
    sleep(0.01);
    return 'slept';
  },
  '/all-is-well': async (environ) => {
    const [text] = await Promise.all([environ['wsgi.input'].read(), sleep(0.01)]);
    await sleep(0);
    await Promise.race([sleep(0.01), sleep(0.02)]);
    return String(text);
  },
  '/until-empty': ({ 'wsgi.input': input }) => {
    for (;;) if (input.read(10).length === 0) return 'read';
  },
  '/conversation': ({ 'wsgi.websocket': ws }) => {
    let message;
    while ((message = ws.receive()) !== null) if (message === 'bye') return '';
  },
  '/joined': ({ 'wsgi.websocket': ws }) => {
    ws.send('got ' + ws.receive());
    return '';
  },
};
export const app = (environ, start_response) => {
  const result = handlers[environ.PATH_INFO](environ);
  const answer = (text) => {
    start_response('200 OK', []);
    return environ['wsgi.websocket'] === undefined ? [Buffer.from(text)] : [];
  };
  return typeof result === 'string' ? answer(result) : result.then(answer);
};`;

describe('a handler that does not await', function () {
  this.timeout(60_000);
  let command: Command;
  let url = '';

  beforeEach(async () => {
    const cwd = temporaryFolder({ 'app.mjs': APP });
    command = new Command(['app.mjs:app', '-b', '127.0.0.1:0'], { cwd });
    url = await command.address();
  });
  afterEach(async () => {
    closeClients();
    await killCommands();
    removeTemporaryFolders();
  });

  const post = (path: string) => fetch(url + path, { method: 'POST', body: 'abc' });
  const warnings = () => command.stderr.match(/WARNING:wsgi:.*$/gm) ?? [];

  for (const [path, call, text] of [
    ['/template', 'wsgi.input.read()', 'You sent [object Promise]'],
    ['/plus', 'wsgi.input.readline()', 'You sent [object Promise]'],
    ['/string', 'wsgi.input.readlines()', '[object Promise]'],
    ['/json', 'parseForm()', '{"form":{}}'],
  ] as const) {
    it(`but makes text of ${call} is warned once, and told where (${path})`, async () => {
      for (let i = 0; i < 2; i++) expect(await (await post(path)).text()).to.equal(text);
      await command.says(/WARNING/);
      expect(warnings()).to.have.length(1);
      expect(warnings()[0]).to.include(`${call} gave a promise, and that was turned into text: `);
      expect(warnings()[0])
        .to.match(INSTEAD)
        .and.to.match(/\(at .*app\.mjs:\d+:\d+\)?\)$/);
    });
  }

  it('sleep() is warned once', async () => {
    for (let i = 0; i < 2; i++) expect(await (await post('/sleep')).text()).to.equal('slept');
    await command.says(/WARNING:wsgi:sleep\(\) is over, and nothing awaits it: /);
    expect(warnings()).to.have.length(1);
    expect(warnings()[0])
      .to.match(INSTEAD)
      .and.to.match(/\(at .*app\.mjs:\d+:\d+\)?\)$/);
  });

  it('in a loop gets an error instead of a server that hangs', async () => {
    expect((await post('/until-empty')).status).to.equal(500);
    await command.says(/wsgi\.input\.read\(\) was called 1000 times before the first was done: /);
    expect(command.stderr).to.match(INSTEAD);
    const client = await WebSocketClient.connect(Number(new URL(url).port), { path: '/conversation' });
    expect((await client.closed).code).to.equal(1011);
    await command.says(/wsgi\.websocket\.receive\(\) was called 1000 times before the first was done: /);
    expect(await (await post('/all-is-well')).text()).to.equal('abc');
  });

  it('receive() is warned too', async () => {
    const client = await WebSocketClient.connect(Number(new URL(url).port), { path: '/joined' });
    expect(await client.next()).to.equal('got [object Promise]');
    await command.says(/WARNING:wsgi:wsgi\.websocket\.receive\(\) gave a promise/);
  });
});

describe('a handler that awaits', () => {
  it('hears nothing', async () => {
    const cwd = temporaryFolder({ 'app.mjs': APP });
    const command = new Command(['app.mjs:app', '-b', '127.0.0.1:0'], { cwd });
    const answer = await fetch(`${await command.address()}/all-is-well`, { method: 'POST', body: 'abc' });
    expect(await answer.text()).to.equal('abc');
    command.child.kill('SIGTERM');
    await command.exit();
    expect(command.stderr).to.equal('');
    removeTemporaryFolders();
  });
});
