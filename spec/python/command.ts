/** The command with applications in Python: what the specs of both runtimes ask of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { Command, runCommand } from '../support/command.js';
import { APPLICATIONS as cwd } from '../support/python.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { WebSocketClient } from '../support/web-socket-client.js';

export const ANYWHERE = ['-b', '127.0.0.1:0'];
export const HELLO = `
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'from Python']
`;

const FACTORY = `${HELLO}
import functools

def create_app(config=None, *, _made=application):
    return _made

def configured(config):
    return create_app()

def optional(config=None, env=None):
    return create_app()

@functools.wraps(create_app)
def wrapped(environ, start_response):
    return create_app()(environ, start_response)

app = create_app
del application
`;

const FOREVER = `
from wsgiref.simple_server import demo_app, make_server
httpd = make_server('127.0.0.1', 0, demo_app)
try:
    while True:
        httpd.handle_request()
finally:
    print('finally')
`;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function textAt(command: Command, path = '/'): Promise<string> {
  return (await fetch((await command.address()) + path)).text();
}

/** @returns what the server answers to `hi`. */
export async function talk(command: Command, path: string): Promise<unknown> {
  const { port } = new URL(await command.address());
  const client = new WebSocketClient(Number(port), { path });
  client.client.once('open', () => client.client.send('hi'));
  return client.next();
}

/** @returns what the server answers that was started last, if it answers. */
async function newest(command: Command): Promise<string> {
  const address = [...command.stdout.matchAll(/Server started at (\S+)/g)].at(-1)?.[1] ?? '';
  return fetch(address).then(
    (response) => response.text(),
    () => '',
  );
}

/** @param options say which Python runs, here and below. */
export function reloads(options: readonly string[]): void {
  it('starts again with --reload when a file of Python changes', async () => {
    const folder = temporaryFolder({ 'app.py': `from other import application`, 'other.py': HELLO });
    const args = ['app.py:application', ...ANYWHERE, '--reload', ...options];
    const command = new Command(args, { cwd: folder });
    expect(await textAt(command)).to.equal('from Python');
    writeFileSync(join(folder, 'other.py'), HELLO.replace('from Python', 'changed'));
    await until(async () => (await newest(command)) === 'changed', 'the new text');
    writeFileSync(join(folder, 'other.py'), 'from new.module import application');
    await until(() => command.stderr.includes("No module named 'new'"), 'the module to be missed');
    mkdirSync(join(folder, 'new'));
    writeFileSync(join(folder, 'new/module.py'), HELLO.replace('from Python', 'new'));
    writeFileSync(join(folder, 'new/__init__.py'), '');
    await until(async () => (await newest(command)) === 'new', 'the text of the new module');
  });
}

export function saysWhatFails(options: readonly string[]): void {
  it('ends with one sentence and the traceback when the application cannot be loaded', async () => {
    const { code, stderr } = await runCommand(['broken.py', ...options], { cwd });
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^wsgi: The Python application could not be loaded: broken\.py failed\nTraceback/,
    );
    expect(stderr).to.match(/ZeroDivisionError: division by zero\n$/);
    const folder = temporaryFolder({ 'interrupts.py': 'raise KeyboardInterrupt' });
    const interrupted = await runCommand(['interrupts.py', ...options], { cwd: folder });
    expect(interrupted.stderr).to.match(/^wsgi: The Python application could not be loaded: interrupts\.py/);
    expect(interrupted.stderr).not.to.include('wsgi_gateway');
  });

  it('has in its log what the application printed before it failed', async () => {
    const folder = temporaryFolder({
      'prints.py': 'for n in range(500):\n    print(n)\nraise SystemExit(3)',
    });
    // Several threads print at once, and into each other's lines.
    const { stderr } = await runCommand(['prints.py', ...options, '--threads', '1'], { cwd: folder });
    expect(stderr).to.match(/^0\n[\s\S]*\n499\n/);
    expect(stderr).to.match(/prints\.py ended with sys\.exit\(3\)\n$/);
  });
}

export function passesArguments(options: readonly string[]): void {
  it('gives a script and a module what follows -- as sys.argv', async () => {
    const folder = temporaryFolder({
      'app.py': `import sys
ARGV = list(sys.argv)
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [repr(ARGV).encode()]
`,
    });
    const rest = ['--', '--port', '9', '--', 'a b'];
    for (const target of ['app.py', 'app.py:application']) {
      const command = new Command([target, ...ANYWHERE, ...options, ...rest], { cwd: folder });
      expect(await textAt(command)).to.equal("['app.py', '--port', '9', '--', 'a b']");
    }
  });
}

export function endsWithTheScript(options: readonly string[]): void {
  it('does not serve a script that ends before it serves, as with --help of its own', async () => {
    const folder = temporaryFolder({
      'app.py': `import argparse
from wsgiref.simple_server import make_server
${HELLO}
parser = argparse.ArgumentParser()
parser.add_argument('--port', type=int, default=0, help='where to listen')
make_server('127.0.0.1', parser.parse_args().port, application).serve_forever()
`,
    });
    const run = (...args: string[]) => runCommand(['app.py', ...options, '--', ...args], { cwd: folder });
    const help = await run('--help');
    expect(help.code).to.equal(1);
    expect(help.stdout + help.stderr).to.include('where to listen');
    expect(help.stderr).to.match(/app\.py ended with sys\.exit\(\) before it served an application\n$/);
    const wrong = await run('--port', 'x');
    expect(wrong.stderr).to.include("invalid int value: 'x'");
    expect(wrong.stderr).to.match(/app\.py ended with sys\.exit\(2\)\n$/);
  });
}

export function knowsFactories(options: readonly string[]): void {
  it('says at the start that a factory was named without its call', async () => {
    const folder = temporaryFolder({ 'site.py': FACTORY });
    for (const [target, meant] of [
      ['site.py:create_app', 'site.py:create_app()'],
      ['site.py:configured', 'site.py:configured(...)'],
      ['site.py', 'site.py:app()'],
    ] as const) {
      const { code, stderr } = await runCommand([target, ...ANYWHERE, ...options], { cwd: folder });
      expect(code).to.equal(1);
      expect(stderr).to.match(/ does not take \(environ, start_response\)/);
      expect(stderr).to.include(`if it is a factory, write '${meant}'`);
    }
  });

  it('says with each request that it called what may be a factory', async () => {
    const folder = temporaryFolder({ 'site.py': FACTORY });
    const command = new Command(['site.py:optional', ...ANYWHERE, ...options], { cwd: folder });
    expect((await fetch(await command.address())).status).to.equal(500);
    await command.says(/returned function, .*: if it is a factory, call it, as in site:create_app\(\)/);
  });

  it('serves a function that only looks like a factory, as one with functools.wraps', async () => {
    const folder = temporaryFolder({ 'site.py': FACTORY });
    const command = new Command(['site.py:wrapped', ...ANYWHERE, ...options], { cwd: folder });
    expect(await textAt(command)).to.equal('from Python');
  });
}

export function goesOnAfterServing(options: readonly string[]): void {
  it('lets a script go on when its server has stopped', async () => {
    const command = new Command(['waitress_script.py', ...options], { cwd });
    expect(await textAt(command)).to.equal('waitress says hi');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.match(/^after serve\(\)$/m);
  });

  it('ends a script that handles requests for ever', async () => {
    const folder = temporaryFolder({ 'forever.py': FOREVER });
    const command = new Command(['forever.py', ...options], { cwd: folder });
    expect(await textAt(command)).to.match(/^Hello world!/);
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.equal('finally\n');
  });
}
