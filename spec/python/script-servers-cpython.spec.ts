/** Scripts on CPython: the ports of their servers, and those that serve in another thread than the main one. */
import { createServer } from 'node:net';
import { expect } from 'chai';
import { Command, killCommands, runCommand } from '../support/command.js';
import { PYTHON, requirePython } from '../support/python.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { ANYWHERE, freePort, HELLO, textAt } from './command.js';

/** A script that serves in a thread, and whose main thread goes on. */
const beside = (main: string) => `
import sys, threading, time
from wsgiref.simple_server import make_server
${HELLO}
server = make_server('127.0.0.1', 0, application)
threading.Thread(target=server.serve_forever).start()
${main}`;

/** Beside the application there are metrics on a port of their own. */
const metrics = (port: number) => `
import os, threading
from wsgiref.simple_server import make_server

def pid(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'%d' % os.getpid()]

application = pid
server = make_server('127.0.0.1', ${port}, pid)
thread = threading.Thread(target=server.serve_forever, daemon=True)
thread.start()
`;

const textOf = (url: string) =>
  fetch(url, { headers: { Connection: 'close' } }).then(
    (response) => response.text(),
    () => '',
  );

describe('the servers of a script in Python', function () {
  this.timeout(60_000);
  before(function () {
    requirePython(this);
  });
  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  const start = (script: string, ...args: string[]) => {
    const cwd = temporaryFolder({ 'script.py': script });
    return new Command(['script.py', '--python', 'python3', '--threads', '2', ...args], { cwd });
  };

  const ports: [what: string, script: string][] = [
    [
      'wsgiref',
      `from wsgiref.simple_server import make_server
server = make_server('127.0.0.1', 0, application)
print('port', server.server_port, server.server_address[1])
server.serve_forever()`,
    ],
    [
      'wsgiref on all interfaces',
      `from wsgiref.simple_server import make_server
server = make_server('', 0, application)
print('port', server.server_port, server.server_address[1])
server.serve_forever()`,
    ],
    [
      'Werkzeug',
      `from werkzeug.serving import make_server
server = make_server('127.0.0.1', 0, application)
print('port', server.port, server.server_address[1])
server.serve_forever()`,
    ],
    [
      'Waitress',
      `from waitress import create_server
server = create_server(application, host='127.0.0.1', port=0)
print('port', server.effective_port, server.effective_port)
server.run()`,
    ],
    [
      'gevent',
      `from gevent.pywsgi import WSGIServer
server = WSGIServer(('127.0.0.1', 0), application)
print('port', server.server_port, server.address[1])
server.serve_forever()`,
    ],
    [
      'gevent, with a socket',
      `from gevent import socket
from gevent.pywsgi import WSGIServer
listener = socket.socket()
listener.bind(('127.0.0.1', 0))
listener.listen()
server = WSGIServer(listener, application)
print('port', server.server_port, server.address[1])
server.serve_forever()`,
    ],
    [
      'wsocket',
      `import sys
sys.modules.pop('wsocket', None)
from wsgi_gateway import wsocket
server = wsocket.make_server('127.0.0.1', 0, application)
print('port', server.server_port, server.server_address[1])
server.serve_forever()`,
    ],
  ];
  for (const [what, script] of ports) {
    it(`know the port that the system chose: ${what}`, async () => {
      const command = start(`${HELLO}\n${script}\n`, '--python', PYTHON);
      expect(await textAt(command)).to.equal('from Python');
      const [, port, address] = await command.says(/^port (\d+) (\d+)$/m);
      expect(new URL(await command.address()).port).to.equal(port);
      expect(address).to.equal(port);
    });
  }

  it('are at a port of one process, until another one takes it', async () => {
    const port = await freePort();
    const command = start(metrics(port), ...ANYWHERE, '--workers', '2');
    const first = await textAt(command);
    expect(first).to.match(/^\d+$/);
    const url = `http://127.0.0.1:${port}`;
    await until(async () => (await textOf(url)) !== '', 'the metrics');
    await command.says(
      /^wsgi: port \d+ is in use, as by another process of the application: this one takes it/m,
    );
    const holder = await textOf(url);
    process.kill(Number(holder), 'SIGKILL');
    await until(async () => !['', holder].includes(await textOf(url)), 'the metrics of another process');
    expect(command.stderr).to.not.include('Traceback');
  });

  it('go to the next process after --max-requests', async () => {
    const port = await freePort();
    const command = start(metrics(port), ...ANYWHERE, '--max-requests', '2');
    const url = `http://127.0.0.1:${port}`;
    await until(async () => (await textAt(command)) === (await textOf(url)), 'the metrics');
    const first = await textOf(url);
    await until(async () => {
      const now = await textAt(command);
      return now !== first && now === (await textOf(url));
    }, 'the metrics of the next process');
    expect(command.stderr).to.not.include('Traceback');
  });

  it('can be shut down while another process has the port', async () => {
    const port = await freePort();
    const script = `${metrics(port)}
def application(environ, start_response):
    server.shutdown()
    thread.join()
    return pid(environ, start_response)
`;
    const command = start(script, ...ANYWHERE, '--workers', '2');
    const pids = new Set<string>();
    await until(async () => {
      for (const text of await Promise.all([textAt(command), textAt(command)])) pids.add(text);
      return pids.size === 2;
    }, 'both processes');
  });

  it('listen by themselves in processes that the script forks', async () => {
    const ports = await Promise.all([1, 2, 3, 4].map(freePort));
    const command = start(
      `${HELLO}
import multiprocessing
from wsgiref.simple_server import make_server
import bottle, waitress
from werkzeug.serving import run_simple

def other(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'other']

for serve in (
    lambda: make_server('127.0.0.1', ${ports[0]}, other).serve_forever(),
    lambda: bottle.run(app=other, host='127.0.0.1', port=${ports[1]}, quiet=True),
    lambda: waitress.serve(other, host='127.0.0.1', port=${ports[2]}),
    lambda: run_simple('127.0.0.1', ${ports[3]}, other),
):
    multiprocessing.get_context('fork').Process(target=serve, daemon=True).start()
make_server('127.0.0.1', 0, application).serve_forever()
`,
      '--python',
      PYTHON,
    );
    expect(await textAt(command)).to.equal('from Python');
    for (const port of ports) {
      await until(async () => (await textOf(`http://127.0.0.1:${port}`)) === 'other', `port ${port}`);
    }
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    for (const port of ports) expect(await textOf(`http://127.0.0.1:${port}`)).to.equal('');
  });

  it('say so where the port belongs to another program', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const command = start(metrics(port), ...ANYWHERE);
    expect(await textAt(command)).to.match(/^\d+$/);
    await command.says(/OSError: .*Address already in use/);
    other.close();
  });

  it('are not started where a module calls them in a thread, and its application was named', async () => {
    const cwd = temporaryFolder({
      'app.py': `import threading, time
import waitress
${HELLO}
def begin():
    time.sleep(0.3)
    waitress.serve(application, port=0)
    print('returned')

thread = threading.Thread(target=begin)
thread.start()

def joined(environ, start_response):
    thread.join()
    return application(environ, start_response)
`,
    });
    const command = new Command(['app.py:joined', ...ANYWHERE, '--python', PYTHON], { cwd });
    expect(await textAt(command)).to.equal('from Python');
    expect(command.stderr).to.match(/^(GET \/: )?returned\n$/);
  });

  const interrupted = `
try:
    while True:
        time.sleep(60)
except KeyboardInterrupt:
    server.shutdown()
    print('shut down')
`;
  it('end a script whose main thread goes on for ever, by KeyboardInterrupt', async () => {
    const command = start(beside(interrupted));
    expect(await textAt(command)).to.equal('from Python');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.equal('shut down\n');
  });

  it('end it without a traceback where that is not caught', async () => {
    const command = start(beside("try:\n    time.sleep(60)\nfinally:\n    print('finally')\n"));
    expect(await textAt(command)).to.equal('from Python');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.equal('finally\n');
  });

  it('end it by SIGTERM where the script has a function for that', async () => {
    const command = start(
      beside(`import signal
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
over.wait()
print('terminated')
`),
    );
    expect(await textAt(command)).to.equal('from Python');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.equal('terminated\n');
  });

  it('end with the script where a signal handler of it calls sys.exit()', async () => {
    const command = start(`import atexit, signal, sys
from wsgiref.simple_server import make_server
${HELLO}
atexit.register(lambda: print('atexit'))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
try:
    make_server('127.0.0.1', 0, application).serve_forever()
finally:
    print('finally')
`);
    expect(await textAt(command)).to.equal('from Python');
    // As systemd does, to all processes at once.
    process.kill(-(command.child.pid ?? 0), 'SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.equal('finally\natexit\n');
  });

  it('let it join the thread that has served, and go on', async () => {
    const command = start(
      beside(`for thread in threading.enumerate():
    if thread is not threading.current_thread() and not thread.daemon:
        thread.join()
print('after serve_forever()')
`),
    );
    expect(await textAt(command)).to.equal('from Python');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.equal('after serve_forever()\n');
  });

  it('are ended after five seconds with a script that goes on all the same, and the log says so', async () => {
    const stubborn = `
while True:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        print('not now')
`;
    const command = start(beside(stubborn));
    expect(await textAt(command)).to.equal('from Python');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.match(
      /^not now\nWARNING:wsgi:The Python process \d+ goes on 5 s after it was told to end: it is killed\n$/,
    );
  });

  for (const [method, main] of [
    ['_begin', ''],
    ['_begin', 'time.sleep(600)'],
    ['_tell', ''],
    ['_tell', 'time.sleep(600)'],
  ] as const) {
    it(`end a script where ${method} fails in another thread${main && ', and its main one goes on'}`, async () => {
      const script = `import wsgi_gateway.host
def fail(*_, **__):
    raise RuntimeError('it cannot begin')
wsgi_gateway.host.Host.${method} = fail
${beside(main)}`;
      const cwd = temporaryFolder({ 'script.py': script });
      const { code, stderr } = await runCommand(['script.py', '--python', 'python3'], { cwd });
      expect(code).to.equal(1);
      expect(stderr).to.match(/RuntimeError: it cannot begin/);
      expect(stderr).to.match(
        method === '_begin'
          ? /^wsgi: The Python application could not be loaded: script\.py failed\nTraceback/
          : /wsgi: The Python process ended before it had loaded the application: exit code 1\n$/,
      );
    });
  }
});
