/** Scripts on CPython that start cheroot, CherryPy, web.py, Paste, eventlet, gunicorn or Django's runserver: they are served here. */
import { expect } from 'chai';
import { Command, killCommands } from '../support/command.js';
import { PYTHON, requirePython } from '../support/python.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { ANYWHERE, freePort, HELLO, textAt } from './command.js';

interface Script {
  readonly name: string;
  /** PORT stands for the port. */
  readonly text: string;
  readonly args?: readonly string[];
  /** What the log has of it, after the server has stopped. */
  readonly says?: RegExp;
}

const CHERRYPY = `
import cherrypy, os
class Site:
    @cherrypy.expose
    def index(self):
        return 'from Python'
    @cherrypy.expose
    def pid(self):
        return str(os.getpid())
cherrypy.quickstart(Site(), '/', {'global': {'server.socket_port': PORT}})
print('after quickstart()')
`;

const SCRIPTS: readonly Script[] = [
  {
    name: 'cheroot',
    text: `${HELLO}
from cheroot import wsgi
server = wsgi.Server(('127.0.0.1', PORT), application)
try:
    server.start()
finally:
    server.stop()
    print('after start()')
`,
    says: /^after start\(\)$/m,
  },
  {
    name: 'cheroot in a daemon thread, beside the application',
    text: `${HELLO}
import threading
from cheroot import wsgi
from wsgiref.simple_server import make_server
def metrics(environ, start_response):
    start_response('200 OK', [])
    return [b'metrics']
other = wsgi.Server(('127.0.0.1', 0), metrics)
other.prepare()
threading.Thread(target=other.serve, daemon=True).start()
make_server('127.0.0.1', PORT, application).serve_forever()
`,
  },
  { name: 'CherryPy', text: CHERRYPY, says: /^after quickstart\(\)$/m },
  {
    name: 'web.py',
    text: `
import web
class Site:
    def GET(self):
        return 'from Python'
web.application(('/', Site), autoreload=False).run()
`,
    args: ['--', '127.0.0.1:PORT'],
  },
  {
    name: 'Paste',
    text: `${HELLO}
from paste import httpserver
httpserver.serve(application, host='127.0.0.1', port='PORT')
print('after serve()')
`,
    says: /^after serve\(\)$/m,
  },
  {
    name: 'eventlet',
    text: `${HELLO}
import eventlet
from eventlet import wsgi
wsgi.server(eventlet.listen(('127.0.0.1', PORT)), application)
`,
  },
  {
    name: 'gunicorn',
    text: `${HELLO}
from gunicorn.app.base import BaseApplication
class Standalone(BaseApplication):
    def load_config(self):
        self.cfg.set('bind', '127.0.0.1:PORT')
        self.cfg.set('workers', 4)
    def load(self):
        return application
Standalone().run()
`,
    says: /^wsgi: the settings of gunicorn are not used but for its address/m,
  },
  {
    name: 'Django',
    text: `
import sys
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path('', lambda request: HttpResponse('from Python'))]
settings.configure(DEBUG=True, ROOT_URLCONF=__name__, ALLOWED_HOSTS=['*'])
execute_from_command_line(sys.argv)
`,
    args: ['--', 'runserver', '--skip-checks', 'PORT'],
    says: /^wsgi: the reloader of Django is not used: see --reload$/m,
  },
];

describe('a script that starts another server of Python', function () {
  this.timeout(60_000);
  before(function () {
    requirePython(this);
  });
  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  const start = (text: string, port: number, ...args: readonly string[]) => {
    const cwd = temporaryFolder({ 'script.py': text.replaceAll('PORT', `${port}`) });
    const given = args.map((argument) => argument.replaceAll('PORT', `${port}`));
    return new Command(['script.py', '--python', PYTHON, '--threads', '2', ...given], { cwd });
  };

  for (const { name, text, args = [], says } of SCRIPTS) {
    it(`is served where that would listen: ${name}`, async () => {
      const port = await freePort();
      const command = start(text, port, ...args);
      expect(await textAt(command)).to.equal('from Python');
      expect(await command.address()).to.equal(`http://127.0.0.1:${port}`);
      command.child.kill('SIGTERM');
      expect(await command.exit()).to.equal(0);
      expect(command.stderr).to.not.match(/Traceback|WARNING:wsgi/);
      if (says !== undefined) expect(command.stderr).to.match(says);
    });
  }

  it('is served by several processes, also by one that replaces another: CherryPy', async () => {
    const port = await freePort();
    const command = start(CHERRYPY, port, '--workers', '2', '--max-requests', '2');
    const pids = new Set<string>();
    await until(async () => pids.add(await textAt(command, '/pid')).size > 3, 'further processes');
    expect(command.stderr).to.not.include('Traceback');
  });

  it('is served where the command says: CherryPy', async () => {
    const command = start(CHERRYPY, await freePort(), ...ANYWHERE);
    expect(await textAt(command)).to.equal('from Python');
  });
});
