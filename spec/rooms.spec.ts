/** The rooms of lib, and the one way in which they import: app, interpreter and server from environ, never app and server from each other, and no circles. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const LIB = fileURLToPath(new URL('../lib/', import.meta.url));

/** Below the rooms: of lib, each may import those before it. */
const BASE = [
  'own-files.ts',
  'node-http.ts',
  'compile-cache.ts',
  'errors.ts',
  'option-names.ts',
  'logger.ts',
  'unawaited.ts',
  'sleep.ts',
  'placed.ts',
  'topics.ts',
  'current-request.ts',
  'subscription.ts',
];
/** Above the rooms: entries of the package, and what joins rooms. They import what they like, and no room imports them. */
const JOINTS = ['index.ts', 'cgi.ts', 'headers.ts', 'run.ts', 'cli.ts', 'bin.ts'];
/** It loads another file, once it has done what has to come before. */
const STARTS = ['server/threads/worker/thread-start.ts'];
/** Rooms above others: what they may import beside the base and environ. No room imports them. */
const ABOVE: Readonly<Record<string, readonly string[]>> = {
  server: ['interpreter'],
  testing: ['interpreter', 'server', 'util'],
  conformance: ['interpreter', 'server'],
  // A client that keeps cookies is one thing, whatever it asks.
  porting: ['interpreter', 'server', 'testing', 'stdlib', 'util', 'middleware'],
  // Written with the functions that every WSGI program has.
  middleware: ['util'],
  // Threads of Pyodide are in the same pool as those of JavaScript.
  python: ['server'],
};

/** What a room, or a file beside the rooms, may import beside its own files and packages. */
function mayImport(room: string): readonly string[] {
  if (BASE.includes(room)) return BASE.slice(0, BASE.indexOf(room));
  return room === 'environ' ? BASE : [...BASE, 'environ', ...(ABOVE[room] ?? [])];
}

const MOST_LINES = 350;
/** A file is a concept, not a function; entries, which hold names alone, may be shorter. */
const LEAST_LINES = 25;
/** `import … from '…'`, `export … from '…'`, `import '…'` and `import('…')`. */
const IMPORT = /(?:^(?:import|export)\b[^;'"]*?from |^import |\bimport\()['"]([^'"]+)['"]/gm;
/** Those that are loaded with the file: no types, and no `import('…')`. */
const LOADED = /^(?:(?:import|export)\b(?! type\b)[^;'"]*?from |import )['"]([^'"]+)['"]/gm;

const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .sort();

function textOf(file: string): string {
  return readFileSync(LIB + file, 'utf8');
}

/** A folder of lib, or a file that lies in none. */
function roomOf(file: string): string {
  return file.split('/', 1)[0] ?? '';
}

/** What `pattern` finds imported by `file`: files of lib by their path, packages by their name. */
function foundIn(file: string, pattern: RegExp): string[] {
  return [...textOf(file).matchAll(pattern)].map(([, name = '']) =>
    name.startsWith('.') ? posix.join(posix.dirname(file), name).replace(/\.js$/, '.ts') : name,
  );
}

/** Files of lib that `file` imports, types included. */
function importsOf(file: string): string[] {
  return foundIn(file, IMPORT).filter((name) => name.endsWith('.ts'));
}

/** All that `file` reaches, itself only if there is a circle. */
function reachedFrom(file: string, pattern = IMPORT): Set<string> {
  const reached = new Set<string>();
  const ahead = foundIn(file, pattern);
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    if (next.endsWith('.ts')) ahead.push(...foundIn(next, pattern));
  }
  return reached;
}

describe('the rooms of lib', () => {
  it('are found, with their imports', () => {
    expect(files).to.include.members(['index.ts', 'app/wsocket-app.ts', 'environ/types.ts']);
    expect(importsOf('run.ts')).to.include.members(['app/demo-app.ts', 'server/server.ts']);
    for (const file of files) expect(files).to.include.members(importsOf(file));
  });

  const rooms = new Set(files.filter((file) => ![...JOINTS, ...STARTS].includes(file)).map(roomOf));
  for (const room of rooms) {
    const allowed = mayImport(room);
    it(`${room} imports ${[...allowed, 'its own files'].join(', ')} and nothing else`, () => {
      const wrong: string[] = [];
      for (const file of files.filter((one) => roomOf(one) === room)) {
        for (const imported of importsOf(file)) {
          const target = roomOf(imported);
          if (target !== room && !allowed.includes(target)) wrong.push(`${file} imports ${imported}`);
        }
      }
      expect(wrong).to.deep.equal([]);
    });
  }

  it('load neither server nor packages with the client for tests, before it opens a WebSocket', () => {
    const loaded = [...reachedFrom('testing/index.ts', LOADED)];
    expect(loaded).to.include.members(['testing/client.ts', 'interpreter/interpreter.ts']);
    const heavy = (name: string) =>
      name.endsWith('.ts') ? roomOf(name) === 'server' : !name.startsWith('node:');
    expect(loaded.filter(heavy)).to.deep.equal([]);
  });

  it('are three at least', () => {
    expect([...rooms]).to.include.members(['environ', 'app', 'server']);
  });
});

describe('every file of lib', () => {
  it(`has at most ${MOST_LINES} lines`, () => {
    const long = files.filter((file) => textOf(file).trimEnd().split('\n').length > MOST_LINES);
    expect(long).to.deep.equal([]);
  });

  it(`has at least ${LEAST_LINES} lines, unless it is an entry`, () => {
    const short = files
      .filter((file) => !file.endsWith('index.ts') && ![...JOINTS, ...STARTS].includes(file))
      .filter((file) => textOf(file).trimEnd().split('\n').length < LEAST_LINES);
    expect(short).to.deep.equal([]);
  });

  it('is in no circle of imports', () => {
    expect(files.filter((file) => reachedFrom(file).has(file))).to.deep.equal([]);
  });

  it('says in its first line what it is', () => {
    const silent = files.filter((file) => !/^(?:#!.*\n)?\/(?:\/|\*\*)/.test(textOf(file)));
    expect(silent).to.deep.equal([]);
  });

  it('is named in kebab-case', () => {
    const odd = files.filter(
      (file) => !/^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/.test(file),
    );
    expect(odd).to.deep.equal([]);
  });
});
