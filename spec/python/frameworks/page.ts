/** The table in docs/python.md: each application, its packages, what it was compared with, and what differs. */
import { readFileSync } from 'node:fs';
import { FOLDER } from '../../support/python.js';
import { ROOT } from '../../support/source.js';
import type { Group, Site } from './sites.js';

export const PYTHON_PAGE = `${ROOT}docs/python.md`;

const HEAD = `| packages | what runs | runtime | compared with | exchanges | differ | why |
|---|---|---|---|---|---|---|
`;
const PLACE = /(?<=<!-- The table is made by `npm run docs`\. -->\n\n)(?:\|.*\n)*/;

/** As `spec/python/requirements.txt` pins it: `Flask 3.1.3`. */
function versionOf(distribution: string): string {
  const pins = readFileSync(`${FOLDER}requirements.txt`, 'utf8').split('\n');
  const pin = pins.find((line) => line.startsWith(`${distribution}==`));
  if (pin === undefined) throw new Error(`requirements.txt does not pin ${distribution}`);
  return pin.replace('==', ' ');
}

/** @param exchanges how many were compared. */
export function rowOf(site: Site, { against }: Group, runtime: string, exchanges: number): string {
  const { title, packages, differs = [] } = site;
  const cells = [
    packages.map(versionOf).join(', '),
    title,
    runtime,
    versionOf(against),
    String(exchanges),
    differs.length === 0
      ? 'none'
      : differs.map(({ exchange, what }) => `\`${exchange}\`: ${what}`).join('; '),
    differs.map(({ why }) => why).join('; '),
  ];
  return `| ${cells.join(' | ')} |\n`.replaceAll('|  |', '| |');
}

/** The page with these rows instead of those that it has. */
export function withRows(page: string, rows: readonly string[]): string {
  if (!PLACE.test(page)) throw new Error('docs/python.md has no place for the table');
  return page.replace(PLACE, () => HEAD + rows.join(''));
}
