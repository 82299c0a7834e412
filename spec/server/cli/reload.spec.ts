/** --reload: the server starts again when the application changes, however it is saved and whatever it is doing. */
import { existsSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Command, killCommands } from '../../support/command.js';
import { ROOT } from '../../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';

const CLI = fileURLToPath(new URL('../../../dist/bin.js', import.meta.url));
const MODULES = `${ROOT}node_modules`;
/** What no line of the log may show. */
const INNER = /node:internal|\/dist\/|\/lib\/server\//;

const serve = (cwd: string, args: string[]) =>
  new Command(['-b', '127.0.0.1:0', '--reload', ...args], { cwd, script: CLI, plain: true });

const said = (text: string) => `console.log('loads ${text}'); export const text = '${text}';`;

const APP = `import { text } from './text.mjs';
export const app = (environ, start_response) => {
  console.log('serves ' + environ.PATH_INFO);
  if (environ.PATH_INFO === '/stuck') for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  if (environ.PATH_INFO === '/waits') return new Promise(() => {});
  if (environ['wsgi.websocket'] !== undefined) return (async () => {
    for await (const _message of environ['wsgi.websocket']);
    return [];
  })();
  start_response('200 OK', []);
  return [Buffer.from(text + ' ' + process.pid)];
};`;

/** As editors do: the new file takes the name of the old one. */
function saveAtomically(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, `${name}.tmp`), text);
  renameSync(join(folder, `${name}.tmp`), join(folder, name));
}

/** Waits until the server, which may have another port by now, answers with `text`. @returns its process id. */
async function expectAnswer(command: Command, text: string): Promise<number> {
  let pid = 0;
  await command.says(/Server started at/);
  await until(async () => {
    const port = [...command.stdout.matchAll(/Server started at (\S+)/g)].at(-1)?.[1];
    if (port === undefined) return false;
    const answer = await fetch(port, { signal: AbortSignal.timeout(2000) })
      .then((response) => response.text())
      .catch(() => '');
    pid = Number(answer.split(' ')[1]);
    return answer.split(' ')[0] === text;
  }, `the answer ${text} (${command.stdout}${command.stderr})`);
  return pid;
}

const reloads = ({ stdout }: Command) => stdout.match(/: reloading$/gm)?.length ?? 0;

const stateOf = (pid: number) => {
  try {
    // Linux: Z is one that has ended, and whose parent has not asked how.
    return /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 'gone';
  } catch {
    return 'gone';
  }
};
const gone = (pid: number) => until(() => /^(?:gone|Z)$/.test(stateOf(pid)), `the end of process ${pid}`);

describe('wsgi --reload', function () {
  this.timeout(90_000);

  afterEach(async () => {
    closeClients();
    await killCommands();
    removeTemporaryFolders();
  });

  for (const mode of [[], ['--threads', '2']]) {
    describe(mode.length === 0 ? 'on the event loop' : 'with threads', () => {
      it('reloads once for each save, written in place or under another name and renamed', async () => {
        const cwd = temporaryFolder({ 'app.mjs': APP, 'text.mjs': said('v0') });
        const command = serve(cwd, ['app.mjs:app', ...mode]);
        await expectAnswer(command, 'v0');
        for (const text of ['v1', 'v2', 'v3']) {
          saveAtomically(cwd, 'text.mjs', said(text));
          // A thread that is slower than the other may load the next text, and serve it, before that is reloaded.
          const count = Number(text[1]);
          await until(() => reloads(command) === count, `reload ${count} of ${command.stdout}`);
          await expectAnswer(command, text);
        }
        // It is empty for a moment, which a thread that is slow would load.
        await until(() => command.stdout.split('loads v3\n').length > Number(mode[1] ?? 1), 'all threads');
        writeFileSync(join(cwd, 'text.mjs'), said('v4'));
        await until(() => reloads(command) === 4, 'one more reload');
        await expectAnswer(command, 'v4');
        expect(reloads(command)).to.equal(4);
        expect(command.stdout).to.include('text.mjs changed: reloading\n');
        expect(command.stderr).to.equal('');
      });

      it('reports a file that does not load, without inner paths, and serves again after the next save', async () => {
        const cwd = temporaryFolder({ 'app.mjs': APP, 'text.mjs': said('v0') });
        const command = serve(cwd, ['app.mjs:app', ...mode]);
        await expectAnswer(command, 'v0');
        saveAtomically(cwd, 'text.mjs', 'export const text = = 1');
        await command.says(/text\.mjs:1: Unexpected token '='\n(?:.*\n)*wsgi: The server did not start/);
        command.stderr = '';
        saveAtomically(cwd, 'text.mjs', `throw new Error("broken"); ${said('')}`);
        await command.says(/Error: broken\n +at .*text\.mjs:1:7\n(?:.*\n)*wsgi: The server did not start/);
        expect(command.stdout + command.stderr).not.to.match(INNER);
        saveAtomically(cwd, 'text.mjs', said('fixed'));
        await expectAnswer(command, 'fixed');
      });
    });
  }

  it('reloads for a save that comes while it still reloads', async () => {
    const slow = (text: string) =>
      `console.log('loads ${text}'); await new Promise((go) => setTimeout(go, 1000)); ${said(text)}`;
    const cwd = temporaryFolder({ 'app.mjs': APP, 'text.mjs': slow('v0') });
    const command = serve(cwd, ['app.mjs:app']);
    for (const text of ['v1', 'v2', 'v3']) {
      await command.says(new RegExp(`loads v${Number(text[1]) - 1}`));
      saveAtomically(cwd, 'text.mjs', slow(text));
    }
    await expectAnswer(command, 'v3');
    expect(reloads(command)).to.equal(3);
  });

  it('watches a module outside of the folder, and what CommonJS requires', async () => {
    const outside = temporaryFolder({ 'far.cjs': 'exports.text = "v0";' });
    const cwd = temporaryFolder({
      'app.mjs': APP,
      'text.mjs': `import near from './near.cjs'; export const { text } = near;`,
      'near.cjs': `exports.text = require(${JSON.stringify(join(outside, 'far.cjs'))}).text;`,
    });
    const command = serve(cwd, ['app.mjs:app']);
    await expectAnswer(command, 'v0');
    saveAtomically(outside, 'far.cjs', 'exports.text = "v1";');
    await expectAnswer(command, 'v1');
    saveAtomically(cwd, 'near.cjs', 'exports.text = "v2";');
    await expectAnswer(command, 'v2');
  });

  it('does not reload for a file that nothing has loaded', async () => {
    const cwd = temporaryFolder({ 'app.mjs': APP, 'text.mjs': said('v0'), 'other.mjs': '' });
    const command = serve(cwd, ['app.mjs:app']);
    await expectAnswer(command, 'v0');
    saveAtomically(cwd, 'other.mjs', said('other'));
    saveAtomically(cwd, 'text.mjs', said('v1'));
    await expectAnswer(command, 'v1');
    expect(command.stdout).not.to.include('other.mjs');
  });

  it('starts when the file comes that was missing', async () => {
    const cwd = temporaryFolder({ 'app.mjs': APP });
    const command = serve(cwd, ['app.mjs:app']);
    await command.says(/did not start/);
    saveAtomically(cwd, 'text.mjs', said('there'));
    await expectAnswer(command, 'there');
  });

  it('watches the config file, also one that is not there at first', async () => {
    const cwd = temporaryFolder({ 'app.mjs': APP, 'text.mjs': said('v0') });
    const command = serve(cwd, ['app.mjs:app']);
    await expectAnswer(command, 'v0');
    const ident = async () => {
      const port = [...command.stdout.matchAll(/Server started at (\S+)/g)].at(-1)?.[1] ?? '';
      return (await fetch(port).catch(() => undefined))?.headers.get('server');
    };
    for (const name of ['one', 'two']) {
      saveAtomically(cwd, 'wsgi.config.mjs', `export const ident = '${name}', gracefulTimeout = 60;`);
      await until(async () => (await ident()) === name, `the server ${name}`);
    }
  });

  it('may be asked for by the config file, which names the folder', async () => {
    const cwd = temporaryFolder({
      'sub/app.mjs': APP,
      'sub/text.mjs': said('v0'),
      'wsgi.config.mjs': 'export const reload = true, chdir = "sub";',
    });
    const command = new Command(['-b', '127.0.0.1:0', 'app.mjs:app'], { cwd, script: CLI, plain: true });
    await expectAnswer(command, 'v0');
    saveAtomically(cwd, 'sub/text.mjs', said('v1'));
    await expectAnswer(command, 'v1');
    expect(command.stdout).to.include('\ntext.mjs changed');
  });

  it('starts TypeScript again, and runs from its own source', async () => {
    const typed = (text: string) => `export const text: string = '${text}';`;
    const cwd = temporaryFolder({ 'app.mts': APP.replace('text.mjs', 'text.mts'), 'text.mts': typed('v0') });
    // Where the application's tsx is, for a Node that needs one.
    symlinkSync(MODULES, join(cwd, 'node_modules'), 'junction');
    const command = new Command(['-b', '127.0.0.1:0', '--reload', 'app.mts:app'], { cwd });
    await expectAnswer(command, 'v0');
    saveAtomically(cwd, 'text.mts', typed('v1'));
    await expectAnswer(command, 'v1');
  });

  for (const [what, path] of [
    ['a request without an answer', '/waits'],
    ['a handler that is stuck', '/stuck'],
  ] as const) {
    it(`is not held up by ${what}`, async () => {
      const cwd = temporaryFolder({ 'app.mjs': APP, 'text.mjs': said('v0') });
      const command = serve(cwd, ['app.mjs:app', '--graceful-timeout', '600']);
      await expectAnswer(command, 'v0');
      fetch(`${await command.address()}${path}`).catch(() => undefined);
      await command.says(new RegExp(`serves ${path}`));
      saveAtomically(cwd, 'text.mjs', said('v1'));
      await expectAnswer(command, 'v1');
    });
  }

  it('is not held up by a WebSocket that stays open', async () => {
    const cwd = temporaryFolder({ 'app.mjs': APP, 'text.mjs': said('v0') });
    const command = serve(cwd, ['app.mjs:app', '--graceful-timeout', '600']);
    await expectAnswer(command, 'v0');
    const client = await WebSocketClient.connect(Number(new URL(await command.address()).port));
    client.client.send('hello');
    saveAtomically(cwd, 'text.mjs', said('v1'));
    await expectAnswer(command, 'v1');
  });

  it('starts again after a crash, when a file changes', async () => {
    const crash = `${APP}\nprocess.on('SIGUSR2', () => process.exit(7));`;
    const cwd = temporaryFolder({ 'app.mjs': crash, 'text.mjs': said('v0') });
    const command = serve(cwd, ['app.mjs:app']);
    process.kill(await expectAnswer(command, 'v0'), 'SIGUSR2');
    await command.says(/wsgi: The server ended with code 7\. It is started again when a file/);
    saveAtomically(cwd, 'text.mjs', said('v1'));
    await expectAnswer(command, 'v1');
  });

  it('reloads on SIGHUP', async () => {
    const cwd = temporaryFolder({ 'app.mjs': APP, 'text.mjs': said('v0') });
    const command = serve(cwd, ['app.mjs:app']);
    const before = await expectAnswer(command, 'v0');
    command.child.kill('SIGHUP');
    await command.says(/SIGHUP: reloading/);
    await gone(before);
    expect(await expectAnswer(command, 'v0')).not.to.equal(before);
  });

  it('passes SIGUSR1 on, for the log files', async () => {
    const cwd = temporaryFolder({ 'app.mjs': APP, 'text.mjs': said('v0') });
    const command = serve(cwd, ['app.mjs:app', '--error-logfile', 'error.log']);
    await expectAnswer(command, 'v0');
    renameSync(join(cwd, 'error.log'), join(cwd, 'error.log.1'));
    command.child.kill('SIGUSR1');
    await until(() => existsSync(join(cwd, 'error.log')), 'a new log file');
    expect(command.stderr).to.equal('');
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`stops both processes on ${signal}, and names the supervisor in the pid file until then`, async () => {
      const cwd = temporaryFolder({ 'app.mjs': APP, 'text.mjs': said('v0') });
      const command = serve(cwd, ['app.mjs:app', '--pid', 'wsgi.pid']);
      const server = await expectAnswer(command, 'v0');
      expect(readFileSync(join(cwd, 'wsgi.pid'), 'utf8')).to.equal(`${command.child.pid}\n`);
      command.child.kill(signal);
      expect(await command.exit()).to.equal(0);
      expect(command.stdout).to.match(/Server stopped\.\n$/);
      expect(existsSync(join(cwd, 'wsgi.pid'))).to.equal(false);
      expect(stateOf(server)).to.equal('gone');
    });

    it(`stops on ${signal} while it waits for a change, and while the application loads`, async () => {
      const cwd = temporaryFolder({ 'a.mjs': 'throw new Error("broken")' });
      const waiting = serve(cwd, ['a.mjs']);
      await waiting.says(/did not start/);
      waiting.child.kill(signal);
      expect(await waiting.exit()).to.equal(0);
      writeFileSync(
        join(cwd, 'a.mjs'),
        'console.log("loads"); setInterval(() => {}, 1e6); await new Promise(() => {});',
      );
      const loading = serve(cwd, ['a.mjs']);
      await loading.says(/loads/);
      loading.child.kill(signal);
      expect(await loading.exit()).to.equal(0);
    });
  }

  for (const path of ['/', '/stuck']) {
    it(`leaves no server behind when it is killed (${path})`, async function () {
      if (process.platform !== 'linux') this.skip();
      const cwd = temporaryFolder({ 'app.mjs': APP, 'text.mjs': said('v0') });
      const command = serve(cwd, ['app.mjs:app']);
      const server = await expectAnswer(command, 'v0');
      fetch(`${await command.address()}${path}`).catch(() => undefined);
      await command.says(new RegExp(`serves ${path}\\n`));
      command.child.kill('SIGKILL');
      await gone(server);
    });
  }
});
