/** Puts the ratios of bench/RESULTS.md into the table of README.md, between its two marks, and draws the chart: `npm run docs`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { drawChart, rowsOf } from '../bench/chart.js';

/** Parts of the bench, by the start of their heading, and what README calls them. */
const PARTS: readonly (readonly [heading: string, name: string])[] = [
  ['GET hello', 'GET of a few bytes'],
  ['GET 10 KiB', 'GET 10 KiB of JSON'],
  ['POST 1 KiB', 'POST 1 KiB, read whole'],
  ['GET 1 MiB', 'GET 1 MiB'],
  ['GET 64 chunks', 'GET 64 chunks of 1 KiB from a generator'],
];
const SERVERS = ['wsgi', 'fastify', 'hono', 'koa', 'express', 'gunicorn'];
const MARKS = /(?<=<!-- figures -->\n).*?(?=<!-- \/figures -->)/s;

const results = readFileSync('bench/RESULTS.md', 'utf8');

/** The ratio of a server in a part: the fourth column of its row. */
function ratio(heading: string, server: string): string {
  return rowsOf(results, heading).find(([, name]) => name === server)?.[4] ?? '';
}

const lines = PARTS.map(
  ([heading, name]) => `| ${name} | ${SERVERS.map((server) => ratio(heading, server)).join(' | ')} |`,
);
const table = [`| | ${SERVERS.join(' | ')} |`, `|---|${'---|'.repeat(SERVERS.length)}`, ...lines, ''].join(
  '\n',
);
const readme = readFileSync('README.md', 'utf8');
if (!MARKS.test(readme)) throw new Error('README.md has no <!-- figures --> and <!-- /figures -->');
writeFileSync('README.md', readme.replace(MARKS, `\n${table}\n`));
drawChart(results);
