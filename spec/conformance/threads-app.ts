/** What the threads of threads.spec.ts load: the application of the scenario whose id stands in a file. */
import { readFileSync } from 'node:fs';
import type { Scenario } from '../../lib/conformance/scenario.js';
import type {
  ApplicationOn,
  BlockingApplication,
  BlockingEnviron,
  Body,
  Environ,
} from '../../lib/environ/types.js';
import { attachToThread } from '../../lib/server/threads/worker/thread.js';
import { PROBE, recordOf, writeTo } from './threads-mirror.js';

const {
  WSGI_SCENARIO_FILE: file = '',
  WSGI_SCENARIO,
  WSGI_SCENARIO_MODULE: module = 'index.js',
} = process.env;
/** Those that can come: of a server for one scenario, a module. All of them would take as long to load as the rest of a thread. */
const lists = (await import(`../../lib/conformance/scenarios/${module}`)) as Record<
  string,
  readonly Scenario[]
>;
const scenarios = Object.values(lists).flat();
const apps = new Map<string, ApplicationOn<Environ & BlockingEnviron>>();

function appOf(id: string): ApplicationOn<Environ & BlockingEnviron> {
  const known = apps.get(id);
  if (known !== undefined) return known;
  const found = scenarios.find((scenario) => scenario.id === id);
  if (found === undefined) throw new Error(`There is no scenario ${id}`);
  const { app } = found.stage(writeTo(recordOf(file, id)));
  apps.set(id, app);
  return app;
}

/** The scenario that a server was opened for. */
const first = scenarios.find(({ id }) => id === WSGI_SCENARIO);

// Written for the event loop, where they await: in a thread there is nothing to wait for.
const app: BlockingApplication = (environ, start_response) => {
  if (environ.PATH_INFO === PROBE) {
    start_response('200 OK', [['Content-Type', 'text/plain']]);
    return [Buffer.from('through')];
  }
  return appOf(readFileSync(file, 'utf8'))(environ as never, start_response) as Body;
};

// As run() does in a thread; with that, each would load the whole package.
attachToThread(app, first?.options?.environ);
