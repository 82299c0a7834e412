/** One scenario of the conformance suite as a CGI script: which one, stands in the file that SCENARIO names. */
import { readFileSync } from 'node:fs';
import { type CgiOptions, runCgi } from '../../lib/cgi.js';
import { scenarios } from '../../lib/testing/conformance/scenarios/index.js';

const { id, options } = JSON.parse(readFileSync(String(process.env['SCENARIO']), 'utf8')) as {
  id: string;
  options: CgiOptions;
};
const scenario = scenarios.find((one) => one.id === id);
if (scenario === undefined) throw new Error(`There is no scenario ${id}`);
await runCgi(scenario.stage().app, options);
