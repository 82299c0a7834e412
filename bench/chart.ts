/** The chart of README.md and bench/RESULTS.md: CPU time of a request, of the tables in the results, as SVG. */
import { writeFileSync } from 'node:fs';

interface Bar {
  readonly server: string;
  /** Microseconds. */
  readonly cpu: number;
}

/** Pixels. */
const WIDTH = 720;
const LABEL = 190;
const BAR = 20;
const GAP = 6;
const TOP = 58;
/** Readable on a light page and on a dark one. */
const INK = '#888';
const OURS = '#2f81f7';
const OTHERS = '#8b949e';

/** The cells of each line of a table; the first is empty. @param heading the start of the table's heading. */
export function rowsOf(results: string, heading: string): string[][] {
  const [, part = ''] = results.split(`\n### ${heading}`);
  const [table = ''] = part.split('\n### ');
  return table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
}

function barsOf(results: string, heading: string): Bar[] {
  return rowsOf(results, heading).flatMap(([, server = '', , cpu = '']) =>
    /^[\d.]+$/.test(cpu) ? [{ server, cpu: Number(cpu) }] : [],
  );
}

/** Draws docs/speed.svg. @param results the text of RESULTS.md. */
export function drawChart(results: string): void {
  const drawn = chart('GET hello, with the headers of a browser', barsOf(results, 'GET hello'));
  if (drawn !== undefined) writeFileSync('docs/speed.svg', drawn);
}

/** Bars from the fastest to the slowest; undefined without any. */
function chart(title: string, bars: readonly Bar[]): string | undefined {
  const sorted = bars.toSorted((a, b) => a.cpu - b.cpu);
  const most = sorted.at(-1)?.cpu;
  if (most === undefined) return undefined;
  const height = TOP + sorted.length * (BAR + GAP) + GAP;
  const rows = sorted.map(({ server, cpu }, i) => {
    const y = TOP + i * (BAR + GAP);
    const width = Math.max(1, ((WIDTH - LABEL - 90) * cpu) / most);
    const isOurs = server.startsWith('wsgi') && server !== 'wsgiref';
    const weight = isOurs ? ' font-weight="bold"' : '';
    return [
      `  <text x="${LABEL - 8}" y="${y + 15}" text-anchor="end"${weight}>${asXml(server)}</text>`,
      `  <rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" fill="${isOurs ? OURS : OTHERS}"/>`,
      `  <text x="${(LABEL + width + 6).toFixed(1)}" y="${y + 15}"${weight}>${cpu.toFixed(cpu < 100 ? 1 : 0)}</text>`,
    ].join('\n');
  });
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="13" fill="${INK}">`,
    `  <title>${asXml(title)}</title>`,
    `  <text x="${LABEL}" y="22" font-size="16" font-weight="bold">${asXml(title)}</text>`,
    `  <text x="${LABEL}" y="42">microseconds of CPU for a request: shorter is faster</text>`,
    ...rows,
    '</svg>\n',
  ].join('\n');
}

function asXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
