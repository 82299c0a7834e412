/** A rolling reload: what is new is served only when it serves, and what runs is finished by the old worker. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { killCommands } from '../../support/command.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { removeTemporaryFolders } from '../../support/temporary-folder.js';
import { TLS } from '../../support/tls.js';
import { until } from '../../support/until.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';
import { Crew, said } from './support.js';

describe('a reload of workers', function () {
  this.timeout(90_000);

  afterEach(() => {
    closePeers();
    closeClients();
  });
  after(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  let crew: Crew;
  let port = 0;
  const save = (name: string, text: string) => writeFileSync(join(crew.folder, name), text);

  before(async () => {
    crew = new Crew(['app.mjs:app', '-w', '2', '--graceful-timeout', '600'], {
      'wsgi.config.mjs': 'export const ident = "one";',
    });
    port = await crew.port();
    await crew.begins(2);
  });

  it('serves new code and configuration on the connections that there are', async () => {
    const peers = await Promise.all(Array.from({ length: 6 }, () => Peer.connect(port)));
    for (const peer of peers) await peer.send(request());
    for (const peer of peers) await peer.response();
    save('text.mjs', said('v1'));
    save('wsgi.config.mjs', 'export const ident = "two";');
    await crew.signal('SIGHUP', /Reloaded/);
    for (const peer of peers) await peer.send(request());
    for (const peer of peers) {
      const [, answer] = await peer.responses(2);
      expect(answer?.body.toString()).to.match(/^v1 /);
      expect(answer?.headers['server']).to.equal('two');
    }
    expect(crew.began).to.have.length(4);
  });

  it('goes on with the old when the new does not load, or its configuration does not check; says why once', async () => {
    const before = crew.serving;
    save('text.mjs', `throw new Error('broken'); ${said('')}`);
    await crew.signal('SIGHUP', /reload was given up/);
    save('text.mjs', said('v1'));
    save('wsgi.config.mjs', 'export const threads = "many";');
    await crew.signal('SIGHUP', /reload was given up/, 2);
    save('wsgi.config.mjs', 'export const ident = "two";');
    expect(crew.stderr.match(/broken/g)).to.have.length(1);
    expect(
      crew.stderr.match(/option threads must be a whole number from 0 to 1024, not 'many'/g),
    ).to.have.length(1);
    expect(crew.serving).to.deep.equal(before);
    expect((await crew.get()).text).to.equal('v1');
  });

  it('does not give up for code that was changed, with another reload, while it was loaded', async () => {
    const go = join(crew.folder, 'go');
    const before = crew.stderr.length;
    save(
      'text.mjs',
      `import { existsSync } from 'node:fs'; console.log('loads'); while (!existsSync('${go}')) await new Promise((on) => setTimeout(on, 10)); throw new Error('old'); ${said('')}`,
    );
    crew.child.kill('SIGHUP');
    await crew.says(/^loads/m);
    save('text.mjs', said('v2'));
    const times = (text: RegExp) => crew.stderr.match(text)?.length ?? 0;
    const count = times(/Reloaded/g);
    await crew.signal('SIGHUP', /Reloading/, times(/Reloading/g) + 1);
    writeFileSync(go, '');
    await until(() => times(/Reloaded/g) > count, 'the end of the reload');
    expect((await crew.get()).text).to.equal('v2');
    expect(crew.stderr.slice(before)).to.match(/one with newer code is tried: .*\n?.*/);
    expect(crew.stderr.slice(before)).not.to.match(/given up/);
  });

  it('lets a worker that began with a longer timeout, and graceful timeout, keep them', async () => {
    const file = join(crew.folder, 'long');
    const started = new Crew(['app.mjs:app', '-w', '1'], {
      'wsgi.config.mjs': 'export const timeout = 600; export const gracefulTimeout = 600;',
    });
    const peer = await Peer.connect(await started.port());
    await peer.send(request(`/stuck?${file}`));
    await started.says(/serves \/stuck/);
    writeFileSync(
      join(started.folder, 'wsgi.config.mjs'),
      'export const timeout = 1; export const gracefulTimeout = 0;',
    );
    started.child.kill('SIGHUP');
    await started.begins(2);
    // Longer than the new ones, with the margin that a worker has.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    writeFileSync(file, '');
    expect((await peer.response()).status).to.equal(200);
    await started.says(/has left/);
    expect(started.stderr).not.to.match(/killed/);
  });

  it('opens the logs again in a worker that is still loading', async () => {
    const go = join(crew.folder, 'go2');
    const slow = new Crew(['app.mjs:app', '-w', '1', '--access-logfile', 'log', '--threads', '1'], {
      'app.mjs': `import { existsSync } from 'node:fs'; console.log('loads');
        if (existsSync('second')) while (!existsSync('${go}')) await new Promise((on) => setTimeout(on, 10));
        export const app = (environ, start_response) => { start_response('200 OK', []); return [Buffer.from('v0 ' + process.pid)]; };`,
    });
    await slow.get();
    writeFileSync(join(slow.folder, 'second'), '');
    slow.child.kill('SIGHUP');
    await slow.says(/loads[\s\S]*loads/);
    const log = join(slow.folder, 'log');
    renameSync(log, `${log}.1`);
    slow.child.kill('SIGUSR1');
    await until(() => existsSync(log), 'a new log');
    await slow.get();
    writeFileSync(go, '');
    await slow.says(/Reloaded/);
    await slow.get();
    await until(() => readFileSync(log, 'utf8').split('\n').length > 2, 'a line of the new worker');
  });

  it('lets the old worker finish a request, a poll and a WebSocket message, and has one process more at most', async () => {
    const files = ['request', 'message'].map((name) => join(crew.folder, name)) as [string, string];
    const waiting = await Peer.connect(port);
    await waiting.send(request(`/waits?${files[0]}`));
    const clients = [await WebSocketClient.connect(port), await WebSocketClient.connect(port)] as const;
    clients[0].client.send(files[1]);
    expect(await clients[0].next()).to.equal('begun');
    await crew.says(/serves \/waits/);
    const count = crew.began.length;
    crew.child.kill('SIGHUP');
    await crew.begins(count + 1);
    writeFileSync(files[1], '');
    expect(await clients[0].next()).to.equal('answered');
    writeFileSync(files[0], '');
    expect((await waiting.response()).status).to.equal(200);
    for (const { closed } of clients) expect((await closed).code).to.equal(1012);
    await crew.begins(count + 2);
    await until(() => crew.serving.length === 2, 'two workers');
    expect(existsSync(files[0])).to.equal(true);
  });

  it('waits for the next request on a connection over TLS whose answer had begun before', async () => {
    const { certfile, keyfile } = TLS;
    const args = [
      '--certfile',
      certfile,
      '--keyfile',
      keyfile,
      '--keep-alive',
      '600',
      '--graceful-timeout',
      '600',
    ];
    const secure = new Crew(['app.mjs:app', '-w', '1', ...args], {
      'app.mjs': `import { existsSync } from 'node:fs';
        export const app = (environ, start_response) => {
          start_response('200 OK', []);
          return (async function* () {
            yield Buffer.from('begun');
            while (!existsSync(environ.QUERY_STRING)) await new Promise((go) => setTimeout(go, 10));
          })();
        };`,
    });
    const peer = await Peer.connect(await secure.port(), { tls: true });
    const file = join(secure.folder, 'end');
    await peer.send(request(`/?${file}`));
    await peer.until(() => peer.text.includes('begun'), 'the begin of the answer');
    secure.child.kill('SIGHUP');
    await secure.begins(2);
    // The old worker is told to leave now.
    await new Promise((resolve) => setTimeout(resolve, 500));
    writeFileSync(file, '');
    expect((await peer.response()).headers['connection']).not.to.equal('close');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await peer.send(request(`/?${file}`));
    const [, last] = await peer.responses(2);
    expect(last?.status).to.equal(200);
    expect(last?.headers['connection']).to.equal('close');
  });

  it('cuts and logs what runs longer than the graceful timeout', async () => {
    const short = new Crew(['app.mjs:app', '-w', '1', '--graceful-timeout', '1']);
    const peer = await Peer.connect(await short.port());
    await peer.send(request('/waits?never'));
    await short.says(/serves \/waits/);
    await short.signal('SIGHUP', /Reloaded/);
    await short.says(/ends what still runs after 1 s \(graceful-timeout\): 1 request/);
    await until(() => peer.ended, 'the end of the connection');
    await until(() => /has left|did not end in time/.test(short.stderr), 'the end of the worker');
    expect(short.stderr).not.to.match(/did not end in time/);
    expect((await short.get()).text).to.equal('v0');
  });

  it('reaches WebSockets in threads', async () => {
    const threaded = new Crew(['app.mjs:blocking', '-w', '1', '--threads', '2'], {});
    const client = await WebSocketClient.connect(await threaded.port());
    const file = join(threaded.folder, 'message');
    client.client.send(file);
    expect(await client.next()).to.equal('begun');
    await threaded.signal('SIGHUP', /Worker/, 2);
    writeFileSync(file, '');
    expect(await client.next()).to.equal('answered');
    expect((await client.closed).code).to.equal(1012);
  });
});
