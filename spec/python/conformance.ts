/** The conformance suite with its applications in Python (applications/conformance.py), on a runtime. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { types } from 'node:util';
import { scenarios } from '../../lib/conformance/scenarios/index.js';
import { parsing } from '../../lib/conformance/scenarios/parsing.js';
import { ignore } from '../../lib/environ/maybe-promise.js';
import type { Application, ErrorStream } from '../../lib/environ/types.js';
import { fromPython, type PythonApplication } from '../../lib/python/from-python.js';
import type { FromPythonOptions } from '../../lib/python/options.js';
import { makeServer } from '../../lib/server/server.js';
import { conformance } from '../conformance/suite.js';
import { APPLICATIONS } from '../support/python.js';
import { account } from './account.js';

/** What Python cannot show, or shows in words of its own. */
const EXCEPT: Readonly<Record<string, string>> = {
  'A-003.arguments': 'a function of Python declares its parameters',
  'A-003.proxy': 'it is about a Proxy of JavaScript',
  'A-021.write': 'an exception of Python is never falsy',
  'A-063.timeout': 'spec/python/faults-cpython.spec.ts shows it',
  'A-063.a-response-to-HEAD': 'an iterator of Python has no return()',
  'A-063.a-204': 'an iterator of Python has no return()',
  'A-063.an-item-beyond-the-Content-Length': 'an iterator of Python has no return()',
  'A-063.stop': 'a handler that waits for ever is ended with its process: spec/python/faults-cpython.spec.ts',
  'A-063.file-reset': 'a read of a file of Python cannot wait for a promise',
  'A-064.this': 'a method of Python has its object',
  'A-067.early': 'it is about promises',
  'A-068': 'it is about a Proxy of JavaScript',
  'A-071': 'it is about the promise of close()',
  'A-161.together': 'a thread makes one call at a time',
  'A-169': 'an input of Python raises ValueError once its request is over: spec/python/behaviour.ts',
  'A-183': 'the application cannot wait for the log file of another process',
  'A-185': 'the traceback is that of Python',
  'A-191': 'it counts reads of a file of JavaScript',
  'A-193': 'the file that it sends is what it records',
  'A-197.start': 'a file of Python has no end but its own',
  'A-202.none': 'opening it fails in Python, before start_response',
  'A-202.none.head': 'opening it fails in Python, before start_response',
  'A-202.stream': 'a file of Python is no stream',
  'A-202.stream.head': 'a file of Python is no stream',
  'A-202.rejects': 'it is about promises',
  'A-202.rejects.head': 'it is about promises',
  'A-036.blocking': 'its application and the spec share memory',
  'A-048': 'its application and the spec share memory',
  'A-074.short': 'Python infers a length for lists and tuples alone',
  'A-087.odd': 'no len() of Python is negative',
  'E-132': 'Python infers a length for lists and tuples alone',
  'E-204': 'Python infers a length for lists and tuples alone',
  'E-104': 'a list of Python is no array: spec/python/behaviour.ts',
  'A-115.object': 'a list of Python is no array: spec/python/behaviour.ts',
  'A-115.null': 'a list of Python is no array: spec/python/behaviour.ts',
  'A-115.flat': 'a pair of Python is a tuple: spec/python/behaviour.ts',
  'A-115.one': 'a pair of Python is a tuple: spec/python/behaviour.ts',
  'A-115.three': 'a pair of Python is a tuple: spec/python/behaviour.ts',
  'E-217': 'the log says how to encode in Python: spec/python/behaviour.ts',
  'E-185': "it is about this package's parser of forms",
  'E-186': "it is about this package's parser of forms",
  'E-095.reset': 'Python has no AbortSignal',
  'E-095.closed': 'Python has no AbortSignal',
  'A-238.fine': 'Python has no AbortSignal',
  'A-238.own': 'Python has no AbortSignal',
};

/** The scenarios that conformance.py has; none where there is no Python. */
function written(): Set<string> {
  const code = 'import json, conformance; print(json.dumps(list(conformance.APPS)))';
  const { status, stdout } = spawnSync('python3', ['-c', code], { cwd: APPLICATIONS, encoding: 'utf8' });
  return new Set(status === 0 ? (JSON.parse(stdout) as string[]) : []);
}

function exceptions(own: Readonly<Record<string, string>>): Record<string, string> {
  const found: Record<string, string> = { ...EXCEPT, ...own };
  const here = written();
  const unread = new Set(parsing.map(({ id }) => id));
  for (const { id } of scenarios) {
    if (id in found || here.has(id) || unread.has(id)) continue;
    if (id.startsWith('A-026.')) found[id] = 'a falsy exc_info is none, as in PEP 3333';
    else if (id.startsWith('A-260.')) found[id] = 'Python raises exceptions alone';
    else found[id] = 'its application is not written in Python';
  }
  return found;
}

type Seen = Record<string, unknown>;

/** What the scenario that runs records into. */
let seen: Seen = {};
let gates = '';
let url = '';

/** Python waits for files, which appear when the spec opens its gates. */
function watchGates(record: Seen, folder: string): void {
  for (const [name, value] of Object.entries(record)) {
    const all: [string, unknown][] = Array.isArray(value)
      ? value.map((item, index) => [`${name}.${index}`, item])
      : [[name, value]];
    for (const [file, gate] of all) {
      if (types.isPromise(gate)) void gate.then(() => writeFileSync(join(folder, file), ''));
    }
  }
}

/** @param log takes what is not a line of the application's account. */
function accountOr(log: ErrorStream): ErrorStream {
  return account((text) => {
    if (text.startsWith('\x01')) note(JSON.parse(text.slice(1)) as [string, string, unknown]);
    else log.write(text);
  });
}

function note([operation, name, value]: [string, string, unknown]): void {
  const there = seen[name];
  if (operation === 'set') seen[name] = value;
  else if (operation === 'add') seen[name] = Number(there ?? 0) + Number(value);
  else if (operation === 'push') (there as unknown[]).push(value);
  else if (operation === 'clear') (there as unknown[]).length = 0;
  else if (operation === 'open') (there as { open(): void }).open();
}

/** Answered by the only thread of Python when it has finished all that came before. */
const PROBE = '/the/scenarios/that/are/here';

/** @param except rows that this runtime alone cannot show. */
export function pythonConformance(
  name: string,
  options: FromPythonOptions,
  except: Readonly<Record<string, string>> = {},
): void {
  const make = (threads: number) =>
    fromPython('conformance:application', { chdir: APPLICATIONS, threads, timeout: 0, ...options });
  /** They load when a scenario needs them. */
  const narrow = make(1);
  const wide = make(2);
  const python = (id: string): PythonApplication => (id === 'E-093' ? wide : narrow);
  const folder = mkdtempSync(join(tmpdir(), 'wsgi-python-gates-'));

  before(async function () {
    // On a machine with much else to do it takes longer than a scenario may. If it fails a scenario says why.
    this.timeout(240_000);
    await narrow.ready.catch(ignore);
  });
  after(async () => {
    await Promise.all([narrow.close(), wide.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  conformance({
    name: `makeServer with ${name}`,
    async start(_app, options, id) {
      const app = python(id);
      await app.ready;
      const server = await makeServer('127.0.0.1', 0, told(app, id), options);
      url = server.address;
      return { url, close: () => server.close() };
    },
    mirror(record) {
      seen = record as Seen;
      gates = join(folder, String(readdirSync(folder).length));
      mkdirSync(gates);
      watchGates(seen, gates);
      return record;
    },
    settled: async () =>
      void (await fetch(url + PROBE, { headers: { Connection: 'close' } }).catch(() => undefined)),
    except: exceptions(except),
  });
}

function told(app: PythonApplication, id: string): Application {
  return (environ, start_response) => {
    if (environ.PATH_INFO !== PROBE) {
      environ['conformance.id'] = id;
      environ['conformance.gates'] = gates;
      environ['wsgi.errors'] = accountOr(environ['wsgi.errors']);
    }
    return app(environ, start_response);
  };
}
