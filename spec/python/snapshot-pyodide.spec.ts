/** Snapshots of Pyodide: who may read and write them, what is in them, and that Python starts without them all the same. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { fromPython } from '../../lib/python/from-python.js';
import { packageFolders } from '../../lib/python/pyodide/packages.js';
import { cacheFolder, readCached, writeCached } from '../../lib/python/pyodide/snapshot-file.js';
import { Client } from '../../lib/testing/client.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const SECRET = 'kept-out-of-the-file-3f9a';

describe('the folder of snapshots', () => {
  after(removeTemporaryFolders);

  it('belongs to the user alone, and so do its files', () => {
    const folder = cacheFolder({ WSGI_CACHE_DIR: temporaryFolder({}) }) ?? '';
    expect(lstatSync(folder).mode & 0o777).to.equal(0o700);
    writeCached(folder, 'one', 'text');
    expect(lstatSync(join(folder, 'one')).mode & 0o777).to.equal(0o600);
    expect(readCached(folder, 'one')?.toString()).to.equal('text');
    expect(readCached(folder, 'two')).to.equal(undefined);
  });

  it('is not used if others can write it, or if it is a link', () => {
    const base = temporaryFolder({});
    mkdirSync(join(base, 'wsgi-pyodide'));
    chmodSync(join(base, 'wsgi-pyodide'), 0o770);
    expect(cacheFolder({ WSGI_CACHE_DIR: base })).to.equal(undefined);
    const linked = temporaryFolder({});
    symlinkSync(cacheFolder({ WSGI_CACHE_DIR: temporaryFolder({}) }) ?? '', join(linked, 'wsgi-pyodide'));
    expect(cacheFolder({ WSGI_CACHE_DIR: linked })).to.equal(undefined);
    expect(cacheFolder({ WSGI_CACHE_DIR: '' })).to.equal(undefined);
    expect(cacheFolder({ WSGI_CACHE_DIR: 'relative' })).to.equal(undefined);
  });

  it('has no file that others could have written', () => {
    const folder = cacheFolder({ WSGI_CACHE_DIR: temporaryFolder({ other: 'text' }) }) ?? '';
    writeCached(folder, 'one', 'text');
    chmodSync(join(folder, 'one'), 0o640);
    expect(readCached(folder, 'one')).to.equal(undefined);
    symlinkSync(join(folder, '..', 'other'), join(folder, 'two'));
    expect(readCached(folder, 'two')).to.equal(undefined);
  });

  it('keeps those that were used last', () => {
    const folder = cacheFolder({ WSGI_CACHE_DIR: temporaryFolder({}) }) ?? '';
    for (let index = 0; index < 20; index++) writeCached(folder, `file-${index}`, 'text');
    expect(readdirSync(folder)).to.have.length(16);
  });
});

describe('installed packages', () => {
  after(removeTemporaryFolders);

  it('are told from the modules of the application by what pip has noted', () => {
    const folder = temporaryFolder({
      'one-1.0.dist-info/RECORD': 'one/__init__.py,,\none/sub.py,,\n_one.py,,\none-1.0.dist-info/RECORD,,\n',
      'mine.py': '',
    });
    const [found, ...rest] = packageFolders([folder, temporaryFolder({ 'mine.py': '' }), '/nowhere']);
    expect(found?.modules).to.deep.equal(['_one', 'one']);
    expect(rest).to.deep.equal([]);
  });
});

describe('a snapshot of Pyodide', function () {
  this.timeout(240_000);
  const before_ = process.env['WSGI_CACHE_DIR'];
  let cache: string;
  let chdir: string;
  let packages: string;

  before(() => {
    cache = temporaryFolder({});
    process.env['WSGI_CACHE_DIR'] = cache;
    packages = temporaryFolder({
      'counted-1.0.dist-info/RECORD': 'counted.py,,\nsimple_websocket.py,,\n',
      'counted.py':
        'import os, time, wsgiref.handlers\nfrom simple_websocket import Server\n' +
        'BORN = time.time_ns()\nCOLOR = os.environ.get("COUNTED_COLOR")\n' +
        'LANG = os.environ.get("LANG")\nos.environ.setdefault("COUNTED_SET", "set")\n',
      'simple_websocket.py': 'class ConnectionClosed(Exception):\n    pass\n\n\nclass Server:\n    pass\n',
    });
    chdir = temporaryFolder({
      'app.py': `
import os, random, counted, wsgiref.handlers
SECRET = os.environ['APP_SECRET']

def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    told = (
        counted.BORN, counted.COLOR, random.random(), counted.Server.__module__, counted.LANG,
        os.environ['LANG'], os.environ['COUNTED_SET'], wsgiref.handlers.BaseHandler.os_environ.get('APP_SECRET'),
    )
    return [' '.join(map(str, told)).encode()]
`,
    });
  });
  after(() => {
    if (before_ === undefined) delete process.env['WSGI_CACHE_DIR'];
    else process.env['WSGI_CACHE_DIR'] = before_;
    removeTemporaryFolders();
  });

  /** With LANG, which nearly everybody has set, and gettext looks for. */
  async function run(env: Record<string, string> = {}): Promise<string[]> {
    const app = fromPython('app:application', {
      chdir,
      pythonpath: [packages],
      python: 'pyodide',
      threads: 1,
      env: { APP_SECRET: SECRET, LANG: 'de_DE.UTF-8', ...env },
    });
    try {
      return (await new Client(app).get('/')).text.split(' ');
    } finally {
      await app.close();
    }
  }

  const starts: string[][] = [];
  /** What that start with this cache answered, the first being number 1: each takes a second or two. */
  async function started(number: number): Promise<string[]> {
    while (starts.length < number) starts.push(await run());
    return starts[number - 1] ?? [];
  }

  const files = () => readdirSync(join(cache, 'wsgi-pyodide'));
  const snapshots = () => files().filter((name) => !name.endsWith('.json'));

  it('is made of Python first, then of the packages, and has nothing of the application', async () => {
    await started(1);
    expect(snapshots()).to.have.length(1);
    expect(files()).to.have.length(2);
    await started(2);
    expect(snapshots()).to.have.length(2);
    for (const name of files()) {
      expect(readFileSync(join(cache, 'wsgi-pyodide', name)).includes(SECRET)).to.equal(false);
    }
  });

  it('has the classes of servers as the gateway has replaced them, in packages that keep one', async () => {
    // From the first start, before there is a snapshot, to those that it serves.
    for (let start = 1; start <= 3; start++) {
      expect((await started(start))[3], `start ${start}`).to.equal('wsgi_gateway.simple_websocket');
    }
  });

  it('has the packages imported, and a state of chance of its own', async () => {
    const [first, second] = [await started(3), await started(4)];
    expect(second[0]).to.equal(first[0]);
    expect(second[2]).to.not.equal(first[2]);
  });

  it('has what packages have set, and leaves the environment that they keep a copy of to the application', async () => {
    expect((await run()).slice(6)).to.deep.equal(['set', SECRET]);
  });

  it('is made for each language that packages have looked for, and used where it is the same', async () => {
    const [german, ...french] = [
      await run(),
      await run({ LANG: 'fr_FR.UTF-8' }),
      await run({ LANG: 'fr_FR.UTF-8' }),
    ];
    for (const told of french) expect(told.slice(4, 6)).to.deep.equal(['fr_FR.UTF-8', 'fr_FR.UTF-8']);
    expect(french[1]?.[0]).to.equal(french[0]?.[0]);
    expect(french[0]?.[0]).to.not.equal(german?.[0]);
    expect((await run())[0]).to.equal(german?.[0]);
  });

  it('is not made while a variable that packages look for may be a secret', async () => {
    process.env['WSGI_CACHE_DIR'] = temporaryFolder({});
    try {
      for (let start = 1; start <= 2; start++) {
        expect((await run({ COUNTED_COLOR: 'red' })).slice(0, 2), `start ${start}`).to.include('red');
      }
      const folder = join(process.env['WSGI_CACHE_DIR'], 'wsgi-pyodide');
      expect(readdirSync(folder).filter((name) => !name.endsWith('.json'))).to.have.length(1);
    } finally {
      process.env['WSGI_CACHE_DIR'] = cache;
    }
  });

  it('is not used where the packages have looked for a variable that is there now', async () => {
    expect((await run({ COUNTED_COLOR: 'red' }))[1]).to.equal('red');
    expect((await run())[1]).to.equal('None');
  });

  it('that is broken is removed, and Python starts without', async () => {
    const all = snapshots();
    for (const name of all) writeFileSync(join(cache, 'wsgi-pyodide', name), Buffer.alloc(1000));
    expect((await run())[1]).to.equal('None');
    expect(snapshots()).to.have.length(all.length - 1);
  });
});
