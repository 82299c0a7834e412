/** The temporary files of a form that nobody closes: gone with its request, with its thread, with its process. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parseForm } from '../../lib/environ/form/form.js';
import type { Application, Environ } from '../../lib/environ/types.js';
import { toFetchHandler } from '../../lib/server/adapters/fetch/fetch-handler.js';
import { toNodeHandler } from '../../lib/server/adapters/node/node-handler.js';
import { Client } from '../../lib/testing/client.js';
import { validator } from '../../lib/validate/validator.js';
import { END, file, TYPE } from '../environ/form/multipart.js';
import { answer } from '../support/answer.js';
import { runScript } from '../support/cgi-script.js';
import { Command, killCommands } from '../support/command.js';
import { closePeers, Peer, request } from '../support/peer.js';
import { captureLog, closeServers, host, serveApp } from '../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { gate, until } from '../support/until.js';

const CLI = fileURLToPath(new URL('../../dist/bin.js', import.meta.url));
const WSGI = new URL('../../dist/index.js', import.meta.url).href;

const FORM = `${file('f', 'a.txt', 'content')}${END}`;
/** One that has a file that is read before all of it has come. */
const LARGE = `${file('f', 'a.txt', 'x'.repeat(200_000))}${END}`;
const INIT = { method: 'POST', body: FORM, headers: { 'Content-Type': TYPE } };

function post(form: string, target = '/', body = form): string {
  const headers = [`Content-Type: ${TYPE}`, `Content-Length: ${form.length}`];
  return request(target, { method: 'POST', headers, body });
}

/** The content of the file, and where it is. */
async function read(environ: Environ): Promise<[string, string]> {
  const form = await parseForm(environ);
  const one = form.files.get('f');
  return [(await one?.text()) ?? '', one?.path ?? ''];
}

const unclosed: Application = async (environ, start_response) =>
  answer(start_response, (await read(environ)).join(' '));

/** Writes what it does, and closes nothing. */
const APP = `
import { parseForm, sleep } from ${JSON.stringify(WSGI)};
const ends = {
  '/exit': () => process.exit(1),
  '/throw': () => { setTimeout(() => { throw new Error('thrown'); }); },
  '/loop': () => { for (sleep(0.7);;); },
};
function end(environ, start_response, form) {
  console.log('has ' + form.files.get('f').size);
  ends[environ.PATH_INFO]?.();
  start_response('200 OK', []);
  return [Buffer.from('ok')];
}
export async function app(environ, start_response) {
  return end(environ, start_response, await parseForm(environ));
}
export function blocking(environ, start_response) {
  return end(environ, start_response, parseForm(environ));
}`;

describe('the temporary files of a form that is not closed', () => {
  const { TMPDIR } = process.env;
  let folder: string;
  const left = () => readdirSync(folder).filter((name) => name.startsWith('wsgi-form-'));
  const gone = () => until(() => left().length === 0, `the end of ${left()}`);

  beforeEach(() => {
    folder = temporaryFolder();
    process.env['TMPDIR'] = folder;
  });

  afterEach(async () => {
    closePeers();
    await closeServers();
    await killCommands();
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
    removeTemporaryFolders();
  });

  describe('are removed when its request is over', () => {
    const gateways: Record<string, (app: Application) => Promise<string>> = {
      'of the server': async (app) => {
        const { address } = await serveApp(app);
        return (await fetch(address, INIT)).text();
      },
      'of toNodeHandler': async (app) => (await fetch((await host(toNodeHandler(app))).url, INIT)).text(),
      'of toFetchHandler': async (app) => (await toFetchHandler(app)(new Request('http://a/', INIT))).text(),
      'of the client for tests': async (app) =>
        (await new Client(app).post('/', { body: FORM, headers: INIT.headers })).text,
    };

    for (const [which, ask] of Object.entries(gateways)) {
      it(`${which}, and not before`, async () => {
        const [content, path = ''] = (await ask(unclosed)).split(' ');
        expect(content).to.equal('content');
        await until(() => !existsSync(path));
        await gone();
      });
    }

    it('of a CGI script', async () => {
      const app = temporaryFolder({ 'app.mjs': APP });
      const command = [process.execPath, CLI, '--cgi', '--chdir', app, 'app.mjs:app'];
      const variables = {
        REQUEST_METHOD: 'POST',
        CONTENT_TYPE: TYPE,
        CONTENT_LENGTH: `${FORM.length}`,
        TMPDIR: folder,
      };
      expect(String((await runScript(command, variables, FORM)).body)).to.equal('ok');
      expect(left()).to.deep.equal([]);
    });

    it('whatever middleware made of environ', async () => {
      const { address } = await serveApp((environ, start_response) =>
        unclosed({ ...environ }, start_response),
      );
      expect(await (await fetch(address, INIT)).text()).to.match(/^content /);
      await gone();
    });

    it('with the validator between them', async () => {
      const { address } = await serveApp(validator(unclosed));
      expect(await (await fetch(address, INIT)).text()).to.match(/^content /);
      await gone();
    });

    it('which is when the body of the response was sent', async () => {
      const { address } = await serveApp(async (environ, start_response) => {
        const [, path] = await read(environ);
        start_response('200 OK', []);
        return (async function* () {
          for (let i = 0; i < 3; i++) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            yield Buffer.from(String(existsSync(path)));
          }
        })();
      });
      expect(await (await fetch(address, INIT)).text()).to.equal('truetruetrue');
      await gone();
    });

    it('which it is not while a handler is busy whose client left', async () => {
      const busy = gate();
      const there = gate<string>();
      const seen = gate<boolean>();
      const server = await serveApp(async (environ, start_response) => {
        const [, path] = await read(environ);
        there.open(path);
        await busy.promise;
        seen.open(existsSync(path));
        return answer(start_response);
      });
      const peer = await Peer.connect(server.serverPort);
      await peer.send(post(FORM));
      await there.promise;
      peer.socket.resetAndDestroy();
      await until(
        () => new Promise((resolve) => server.http.getConnections((_, count) => resolve(count === 0))),
      );
      busy.open();
      expect(await seen.promise).to.equal(true);
      await gone();
    });

    it('also those in a folder of the application', async () => {
      const uploads = temporaryFolder();
      const { address } = await serveApp(async (environ, start_response) => {
        await parseForm(environ, { uploadDir: uploads });
        return answer(start_response, String(readdirSync(uploads).length));
      });
      expect(await (await fetch(address, INIT)).text()).to.equal('1');
      await until(() => readdirSync(uploads).length === 0);
    });

    it('and a parser that comes after that leaves none', async () => {
      const late = gate<string>();
      const { address } = await serveApp(async (environ, start_response) => {
        const form = { ...environ };
        setTimeout(
          () =>
            parseForm(form).then(
              () => late.open('read'),
              (error: Error) => late.open(error.message),
            ),
          20,
        );
        return answer(start_response);
      });
      await captureLog(async () => {
        expect(await (await fetch(address, INIT)).text()).to.equal('ok');
        expect(await late.promise).to.include('after the response was complete');
      });
      await gone();
    });
  });

  describe('are removed with the process, or its thread', () => {
    async function start(...args: string[]): Promise<[Command, number]> {
      const cwd = temporaryFolder({ 'app.mjs': APP });
      const command = new Command(['-b', '127.0.0.1:0', ...args], { cwd, script: CLI, plain: true });
      return [command, Number(new URL(await command.address()).port)];
    }

    const EVENT_LOOP = ['app.mjs:app'];
    const THREADS = ['app.mjs:blocking', '--threads', '2', '--timeout', '1'];

    for (const [mode, args] of [
      ['on the event loop', EVENT_LOOP],
      ['in threads', THREADS],
    ] as const) {
      it(`that is stopped by force while a file comes, ${mode}`, async () => {
        const [command, port] = await start(...args, '--graceful-timeout', '600', '--timeout', '600');
        const peer = await Peer.connect(port);
        await peer.send(post(LARGE, '/', LARGE.slice(0, 150_000)));
        await until(() => left().length === 1, 'the folder');
        command.child.kill('SIGTERM');
        await command.says(/Stopping|stop/);
        command.child.kill('SIGTERM');
        await command.exit();
        expect(left()).to.deep.equal([]);
      });

      for (const [how, target] of [
        ['that process.exit() ends', '/exit'],
        ['that an exception ends', '/throw'],
      ] as const) {
        it(`${how}, ${mode}`, async () => {
          const [command, port] = await start(...args);
          const peer = await Peer.connect(port);
          await peer.send(post(FORM, target));
          await command.says(/has 7/);
          if (args === EVENT_LOOP) await command.exit();
          await gone();
          expect(left()).to.deep.equal([]);
        });
      }
    }

    it('of a thread that is ended by force', async () => {
      const [command, port] = await start(...THREADS);
      const peer = await Peer.connect(port);
      await peer.send(post(FORM, '/loop'));
      await command.says(/has 7/);
      expect(left()).to.have.length(1);
      await peer.got('HTTP/1.1 500');
      await gone();
    });

    it('of a thread, and not before the request is over', async () => {
      const [, port] = await start(...THREADS);
      const peer = await Peer.connect(port);
      await peer.send(post(FORM));
      await peer.got('ok');
      await gone();
      expect(left()).to.deep.equal([]);
    });
  });
});
