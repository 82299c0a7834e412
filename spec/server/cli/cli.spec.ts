/** The command, as a process: what it prints, how it exits, what it leaves behind. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Command, killCommands, runCommand } from '../../support/command.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

const APPS = fileURLToPath(new URL('../../apps', import.meta.url));
const ANY_PORT = ['-b', '127.0.0.1:0'];
const HELLO = readFileSync(join(APPS, 'hello.mjs'), 'utf8');

const serve = (args: string[], cwd = APPS, env = {}) => new Command([...ANY_PORT, ...args], { cwd, env });

async function get(command: Command, path = '/') {
  const response = await fetch(`${await command.address()}${path}`);
  return { text: await response.text(), headers: response.headers };
}

describe('wsgi command', function () {
  this.timeout(60_000);

  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  describe('without serving', () => {
    it('prints help', async () => {
      const { code, stdout, stderr } = await runCommand(['--help']);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout).to.match(/^Usage: wsgi \[OPTIONS\] \[MODULE:CALLABLE\] \[-- ARGUMENTS\]\n/);
      expect(stdout).to.include('-b, --bind ADDRESS');
    });

    it('prints its version', async () => {
      const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
      expect(await runCommand(['-v'])).to.deep.equal({ code: 0, stdout: `wsgi ${version}\n`, stderr: '' });
    });

    const failures: [does: string, args: string[], code: number, stderr: string | RegExp][] = [
      [
        'refuses an unknown option with exit code 2',
        ['--treads', '4'],
        2,
        'wsgi: There is no option --treads (did you mean --threads?)\nTry wsgi --help\n',
      ],
      [
        'refuses --thread',
        ['--thread', '4'],
        2,
        'wsgi: There is no option --thread (did you mean --threads?)\nTry wsgi --help\n',
      ],
      [
        'refuses a bad value with exit code 2',
        ['-b', 'a:b'],
        2,
        "wsgi: -b must be HOST, HOST:PORT, [IPV6]:PORT, :PORT, unix:PATH or fd://N, not 'a:b'\nTry wsgi --help\n",
      ],
      [
        'refuses a port that there cannot be',
        ['-b', ':99999'],
        2,
        "wsgi: -b must be HOST, HOST:PORT, [IPV6]:PORT, :PORT, unix:PATH or fd://N, not ':99999': the port must be a whole number from 0 to 65535, not 99999\nTry wsgi --help\n",
      ],
      [
        'says what to write for a port alone',
        ['-b', '8000'],
        2,
        "wsgi: -b must be HOST, HOST:PORT, [IPV6]:PORT, :PORT, unix:PATH or fd://N, not '8000': a port alone has a colon before it: write :8000, or 127.0.0.1:8000\nTry wsgi --help\n",
      ],
      [
        "says what to write for gunicorn's -k",
        ['-k', 'gevent', 'hello.mjs:app'],
        2,
        /^wsgi: There is no option -k: handlers run on the event loop, or in threads with --threads N\nTry wsgi --help\n$/,
      ],
      [
        'says what to write for a dotted module',
        ['package.sub:app'],
        1,
        /^wsgi: There is no module package\.sub: .*: write package\/sub\.js\n$/,
      ],
      [
        'refuses options that conflict',
        ['--certfile', 'x'],
        1,
        'wsgi: Option certfile needs keyfile as well: TLS takes a certificate and its key\n',
      ],
      [
        'says which module it could not find',
        ['none.mjs:app'],
        1,
        /^wsgi: There is no module none\.mjs: \S+ does not exist\n$/,
      ],
      [
        'says which name is missing',
        ['hello.mjs:ap'],
        1,
        /^wsgi: hello\.mjs does not export ap .*: it exports app, application\n$/,
      ],
      [
        'says which config file is missing',
        ['-c', 'x.mjs'],
        1,
        /^wsgi: There is no config file x\.mjs: \S+ does not exist\n$/,
      ],
      [
        'says which folder is missing',
        ['--chdir', 'none'],
        1,
        'wsgi: Cannot change to the folder none (--chdir): ENOENT\n',
      ],
    ];
    for (const [does, args, code, stderr] of failures) {
      it(does, async () => {
        const result = await runCommand(args, { cwd: APPS });
        expect(result).to.include({ code, stdout: '' });
        if (typeof stderr === 'string') expect(result.stderr).to.equal(stderr);
        else expect(result.stderr).to.match(stderr);
      });
    }

    it('says where a syntax error is, without a stack', async () => {
      const folder = temporaryFolder({ 'a.mjs': '\nlet x = = 1' });
      const { code, stderr } = await runCommand(['a.mjs'], { cwd: folder });
      expect({ code, stderr }).to.deep.equal({
        code: 1,
        stderr: `wsgi: ${folder}/a.mjs:2: Unexpected token '='\n`,
      });
    });

    it('shows the stack of an error that the application throws', async () => {
      const folder = temporaryFolder({
        'a.mjs': 'import { readFileSync } from "fs";\nreadFileSync("none");',
      });
      const { code, stderr } = await runCommand(['a.mjs'], { cwd: folder });
      expect(code).to.equal(1);
      expect(stderr).to.match(
        /^wsgi: a\.mjs threw while it was loading\nError: ENOENT.*\n(.*\n)* +at .*a\.mjs:2/,
      );
    });

    it('leaves out of that stack what loaded the application', async () => {
      const folder = temporaryFolder({
        'a.mjs': 'import "./b.mjs"',
        'b.mjs': 'throw new Error("broken", { cause: new Error("inner") })',
      });
      for (const mode of [[], ['--threads', '1']]) {
        const { code, stderr } = await runCommand(['-b', '127.0.0.1:0', 'a.mjs', ...mode], { cwd: folder });
        expect(code).to.equal(1);
        expect(stderr).to.match(
          /Error: broken\n +at .*b\.mjs:1:\d+ \{\n +\[cause\]: Error: inner\n +at .*b\.mjs:1:\d+/,
        );
        expect(stderr).not.to.match(/node:internal|import-module|node_modules/);
      }
    });

    const endless: [what: string, files: Record<string, string>, args: string[], message: RegExp][] = [
      [
        'an await at its top level',
        { 'a.mjs': 'await new Promise(() => {}); export default () => [];' },
        ['a.mjs'],
        /a\.mjs never finished loading: an await at its top level, or in what it imports, waits for something that never comes\n$/,
      ],
      [
        'the promise of a factory',
        { 'a.mjs': 'export const make = () => new Promise(() => {});' },
        ['a.mjs:make()'],
        /make\(\) in a\.mjs never returned: its promise waits for something that never comes\n$/,
      ],
      [
        'the promise of a config file',
        { 'a.mjs': '', 'wsgi.config.mjs': 'export default () => new Promise(() => {});' },
        ['a.mjs'],
        /The default export of wsgi\.config\.mjs never returned: its promise waits/,
      ],
    ];
    for (const [what, files, args, message] of endless) {
      for (const mode of [[], ['--check-config'], ['--threads', '1']]) {
        it(`says that ${what} never settles (${['wsgi', ...mode].join(' ')})`, async () => {
          const cwd = temporaryFolder(files);
          const { code, stdout, stderr } = await runCommand(['-b', '127.0.0.1:0', ...args, ...mode], { cwd });
          expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
          expect(stderr)
            .to.match(/^wsgi: /)
            .and.match(message);
        });
      }
    }

    it('checks config and application, and starts no server', async () => {
      const good = await runCommand(['--check-config', 'hello.mjs:app'], { cwd: APPS });
      expect(good).to.deep.equal({ code: 0, stdout: '', stderr: '' });
      const bad = await runCommand(['--check-config', 'hello.mjs:nope'], { cwd: APPS });
      expect(bad.code).to.equal(1);
      const folder = temporaryFolder({ 'wsgi.config.mjs': 'export const timeout = -1' });
      expect(await runCommand(['--check-config'], { cwd: folder })).to.include({
        code: 1,
        stderr:
          'wsgi: wsgi.config.mjs: option timeout must be a number of seconds from 0 to 2147483, not -1\n',
      });
    });

    it('exits after --check-config even if the application has work to do', async () => {
      const folder = temporaryFolder({ 'a.mjs': 'setInterval(() => {}, 1000); export default () => [];' });
      expect(await runCommand(['--check-config', 'a.mjs'], { cwd: folder })).to.include({ code: 0 });
    });

    it('prints every option, sorted: command line over config file over defaults', async () => {
      const folder = temporaryFolder({
        'wsgi.config.mjs':
          'export const timeout = 7, bind = ":1", keep_alive = 8, wsgi_app = "x:y", pid = "p";',
      });
      const args = ['--print-config', '-b', '[::1]:0', '-t', '9', '--ident', ''];
      const { code, stdout, stderr } = await runCommand(args, { cwd: folder });
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      const lines = stdout.trimEnd().split('\n');
      expect(lines).to.deep.equal([...lines].sort());
      expect(lines).to.include.members([
        "host = '::1'",
        'port = 0',
        'timeout = 9',
        'keepAlive = 8',
        "ident = ''",
        "wsgiApp = 'x:y'",
        "pid = 'p'",
        'backlog = 2048',
        'perMessageDeflate = true',
        'accessLogfile = undefined',
        'reload = false',
      ]);
    });

    const ports: [string, string[], string, string, string][] = [
      ['takes the port from $PORT, on every interface', [], '', "host = '0.0.0.0'", 'port = 81'],
      ['takes --bind over $PORT', ['-b', 'a:82'], '', "host = 'a'", 'port = 82'],
      ['takes the config file over $PORT', [], 'export const port = 83', "host = '127.0.0.1'", 'port = 83'],
      [
        'takes --bind over the host and port of a config file',
        ['-b', 'a'],
        'export const host = "b", port = 1',
        "host = 'a'",
        'port = 8080',
      ],
    ];
    for (const [does, args, config, ...expected] of ports) {
      it(does, async () => {
        const cwd = temporaryFolder(config === '' ? {} : { 'wsgi.config.mjs': config });
        const { stdout } = await runCommand(['--print-config', ...args], { cwd, env: { PORT: '81' } });
        expect(stdout.split('\n')).to.include.members(expected);
      });
    }

    it('refuses a $PORT that is none', async () => {
      const result = await runCommand(['--print-config'], { env: { PORT: 'http' } });
      expect(result).to.include({
        code: 1,
        stderr: "wsgi: The environment variable PORT must be a whole number from 0 to 65535, not 'http'\n",
      });
    });
  });

  describe('serving', () => {
    it('serves the application, says where, and stops on SIGTERM', async () => {
      const command = serve(['hello.mjs:app']);
      expect(await command.address()).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect((await get(command, '/a')).text).to.equal('Hello from /a\n');
      command.child.kill('SIGTERM');
      expect(await command.exit()).to.equal(0);
      expect(command.stdout).to.match(/Server stopped\.\n$/);
      expect(command.stderr).to.equal('');
    });

    it('stops on SIGINT', async () => {
      const command = serve(['hello.mjs']);
      await command.address();
      command.child.kill('SIGINT');
      expect(await command.exit()).to.equal(0);
    });

    it('serves a demo without an application', async () => {
      const response = await fetch(await serve([]).address());
      expect(response.status).to.equal(200);
      await response.body?.cancel();
    });

    it('serves what a factory makes', async () => {
      const { text } = await get(serve(['factory.mjs:createApp("x", 1, true, null)']));
      expect(JSON.parse(text)).to.deep.equal(['x', 1, true, null]);
    });

    it('tells each request that a factory was named without its call', async () => {
      const command = serve(['factory.mjs:createApp']);
      expect((await fetch(await command.address())).status).to.equal(500);
      await command.says(
        /returned a function, .*: if it is a factory, call it, as in app\.mjs:createApp\(\)/,
      );
    });

    it('serves TypeScript', async () => {
      expect((await get(serve(['typed.ts:app']), '/t')).text).to.equal('Typed /t\n');
    });

    it('serves CommonJS', async () => {
      expect((await get(serve(['common.cjs:app']))).text).to.equal('CommonJS\n');
    });

    it('serves what the config file names, with its options', async () => {
      const config =
        'export default { wsgiApp: "hello.mjs:app", bind: "127.0.0.1:0", ident: "mine", env: ["GREETING=cfg"] }';
      const cwd = temporaryFolder({ 'hello.mjs': HELLO, 'wsgi.config.mjs': config });
      const { headers } = await get(new Command([], { cwd }));
      expect(headers.get('server')).to.equal('mine');
      expect(headers.get('x-greeting-env')).to.equal('cfg');
    });

    it('changes folder, environment and umask before the application loads', async () => {
      const folder = temporaryFolder({ 'sub/hello.mjs': HELLO });
      const { headers } = await get(
        serve(['--chdir', 'sub', '-e', 'GREETING=a=b', '-m', '027', 'hello.mjs'], folder),
      );
      expect(headers.get('x-folder')).to.equal(join(folder, 'sub'));
      expect(headers.get('x-greeting-env')).to.equal('a=b');
      expect(headers.get('x-umask')).to.equal('27');
    });

    it('listens on a Unix socket', async () => {
      const path = join(temporaryFolder(), 'wsgi.sock');
      const command = new Command(['-b', `unix:${path}`, 'hello.mjs'], { cwd: APPS });
      await command.says(/Server started at/);
      const text = await new Promise((resolve, reject) => {
        const sent = request({ socketPath: path, path: '/u' }, (response) => {
          response.setEncoding('utf8').once('data', resolve);
        });
        sent.once('error', reject).end();
      });
      expect(text).to.equal('Hello from /u\n');
    });

    it('says that a port is in use', async () => {
      const taken = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => taken.once('listening', resolve));
      const address = taken.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const { code, stdout, stderr } = await runCommand(['-b', `127.0.0.1:${port}`, 'hello.mjs'], {
        cwd: APPS,
      });
      taken.close();
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.match(new RegExp(`^wsgi: .*${port}.*\\n$`));
    });

    it('writes the access log to standard output or a file', async () => {
      const command = serve(['--access-logfile', '-', 'hello.mjs']);
      await get(command, '/logged');
      await command.says(/^127\.0\.0\.1 - - \[.*\] "GET \/logged HTTP\/1\.1" 200 19 "-" "node"$/m);
      const path = join(temporaryFolder(), 'access.log');
      const other = serve(['--access-logfile', path, 'hello.mjs']);
      await get(other, '/filed');
      other.child.kill('SIGTERM');
      await other.exit();
      expect(readFileSync(path, 'utf8')).to.match(/"GET \/filed HTTP\/1\.1" 200 18 /);
    });
  });
});
