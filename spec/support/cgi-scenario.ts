/** One scenario of the conformance suite as a CGI script: which one, stands in the file that SCENARIO names. */
import { readFileSync } from 'node:fs';
import type { CgiOptions } from '../../lib/cgi.js';
import type { Scenario } from '../../lib/conformance/scenario.js';

/** @property file of the folder of scenarios: all of them take twice as long to load. */
interface Chosen {
  readonly file: string;
  readonly id: string;
  readonly options: CgiOptions;
}

const { file, id, options } = JSON.parse(readFileSync(String(process.env['SCENARIO']), 'utf8')) as Chosen;
/** The package as it was built, which loads in half of the time; where a scenario imports the library, that copy of it. */
const PACKAGE: string = file === 'bodies.js' ? '../../lib/cgi.js' : 'wsgi/cgi';
const { runCgi } = (await import(PACKAGE)) as typeof import('../../lib/cgi.js');
const lists = (await import(`../../lib/conformance/scenarios/${file}`)) as Record<string, Scenario[]>;
const scenario = Object.values(lists)
  .flat()
  .find((one) => one.id === id);
if (scenario === undefined) throw new Error(`There is no scenario ${id} in ${file}`);
await runCgi(scenario.stage().app, options);
