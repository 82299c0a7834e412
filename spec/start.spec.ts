/** What a start loads: counted, for time says little on a machine that is busy. `dist/` is what users start. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { ROOT } from './support/source.js';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary-folder.js';

const DIST = join(ROOT, 'dist');

/** Of Node's own modules, those that take long to load, and that a server with default options has no use for. */
const COSTLY = ['https', 'tls', 'crypto', 'zlib', 'inspector', 'perf_hooks', 'http2', 'readline'];

/** The files that these, and what they import statically, have Node load. */
function filesOf(...entries: string[]): string[] {
  const files = new Set(entries.map((entry) => join(DIST, entry)));
  for (const file of files) {
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export)\b.*?["'](\.[^"']+)["'];?$/gm,
    )) {
      files.add(join(file, '..', path));
    }
  }
  return [...files];
}

/** The file in `dist/` that a dynamic import of `lib/server/serve.ts` loads. */
function serveFile(): string {
  const [, name = ''] =
    /import\("\.\/(chunk-serve-[\w-]{8}\.js)"\)/.exec(readFileSync(join(DIST, 'cli.js'), 'utf8')) ?? [];
  return name;
}

const kibibytes = (files: readonly string[]) =>
  files.reduce((total, file) => total + statSync(file).size, 0) / 1024;

describe('a start', () => {
  after(removeTemporaryFolders);

  it('of the command loads few files', () => {
    const files = filesOf('bin.js', 'cli.js', serveFile());
    expect(files.length).to.be.within(5, 14);
    expect(kibibytes(files)).to.be.below(400);
  });

  it('of a test loads few files, and no server', () => {
    const files = filesOf('testing/index.js');
    expect(files.length).to.be.within(2, 10);
    expect(kibibytes(files)).to.be.below(200);
  });

  it('of a thread loads few files', () => {
    expect(filesOf('server/threads/worker/thread-start.js').length).to.be.within(2, 10);
  });

  it('loads neither ws nor busboy, nor the modules of Node that only some servers need', () => {
    const folder = temporaryFolder({
      'app.mjs': 'export const app = (environ, start_response) => (start_response("200 OK", []), []);',
      'bare.mjs': 'import { createServer } from "node:http"; createServer(() => {}).listen(0, "127.0.0.1");',
      'library.mjs': `
        import { makeServer } from ${JSON.stringify(pathToFileURL(join(DIST, 'index.js')).href)};
        await makeServer('127.0.0.1', 0, () => []);`,
      'told.mjs': `
        import { createRequire } from 'node:module';
        import { Server } from 'node:net';
        const { listen } = Server.prototype;
        Server.prototype.listen = function (...args) {
          this.once('listening', () => {
            const packages = Object.keys(createRequire(import.meta.url).cache);
            console.log(JSON.stringify({ modules: process.moduleLoadList, packages }));
            process.exit();
          });
          return listen.apply(this, args);
        };`,
    });
    const loads = (...args: string[]) => {
      const { stdout, stderr } = spawnSync(process.execPath, ['--import', './told.mjs', ...args], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, NODE_OPTIONS: '', NODE_DISABLE_COMPILE_CACHE: '1' },
      });
      const line = stdout.split('\n').find((one) => one.startsWith('{'));
      if (line === undefined) throw new Error(stderr);
      return JSON.parse(line) as { readonly modules: string[]; readonly packages: string[] };
    };
    const bare = new Set(loads('bare.mjs').modules);
    for (const { modules, packages } of [
      loads(join(DIST, 'bin.js'), '-b', '127.0.0.1:0', 'app.mjs:app'),
      loads('library.mjs'),
    ]) {
      const own = modules.filter((name) => !bare.has(name));
      expect(own).to.include('NativeModule timers/promises');
      expect(COSTLY.filter((name) => own.includes(`NativeModule ${name}`))).to.deep.equal([]);
      expect(packages).to.deep.equal([]);
    }
  });
});
