/** The report for a terminal. */
import type { Counts, Example, Group, ReportData } from './report-data.js';
import { type Row, rowsOf } from './rows.js';
import { counted, inLine, shortValues, visible } from './visible.js';

export interface TextOptions {
  /** Colours. False by default. */
  readonly colour?: boolean | undefined;
  /** Characters in a line; 100 by default. */
  readonly columns?: number | undefined;
}

/** Below this the answers stand one above the other. */
const LEAST_COLUMNS = 70;
/** Differences that are listed; the files of --report have more. */
const MOST_LISTED = 50;
/** Lines that one line of an answer may take. */
const MOST_WRAPPED = 3;
const MOST_NOISE = 20;

/** Colours only underline what the words say. */
type Paint = (code: number, text: string) => string;

export function textOf(data: ReportData, { colour = false, columns = 100 }: TextOptions = {}): string {
  const paint: Paint = (code, text) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const width = Math.max(40, Math.min(columns, 240));
  const shown = new Set<string>();
  const lines = [
    ...section('Differences', data.differences, ['original', 'candidate'], shown, width, paint),
    ...section(
      'Drift: the original no longer does what was recorded',
      data.drift,
      ['recorded', 'original'],
      shown,
      width,
      paint,
    ),
    ...noiseLines(data.noise, paint),
    ...skippedLines(data),
    ...routeLines(data, paint),
    ...data.notes.map((note) => `Note: ${inLine(note)}`),
    totalsLine(data.totals),
  ];
  return `${lines.join('\n')}\n`;
}

/** The last line: `12 exchanges: 9 equal, 2 different, 1 with noise, 1 drift`. */
export function totalsLine(totals: Counts): string {
  const { exchanges, equal, different, noise, drift, skipped } = totals;
  const more = skipped === 0 ? '' : `, ${skipped} skipped`;
  return `${counted(exchanges, 'exchange')}: ${equal} equal, ${different} different, ${noise} with noise, ${drift} drift${more}`;
}

/** `header Content-Type`, `body /items/0/id`. */
export function titleOf({ kind, where }: Pick<Group, 'kind' | 'where'>): string {
  return inLine(`${kind} ${where}`.trim());
}

/** `GET / (12), GET /items/{id} (3)` */
export function routesText({ routes, count }: Group): string {
  const listed = routes
    .slice(0, 5)
    .map(({ route, count: times }) => `${inLine(route)}${count === 1 ? '' : ` (${times})`}`);
  return routes.length > listed.length ? `${listed.join(', ')} and others` : listed.join(', ');
}

type Sides = readonly [left: string, right: string];

function section(
  title: string,
  groups: readonly Group[],
  sides: Sides,
  shown: Set<string>,
  width: number,
  paint: Paint,
): string[] {
  if (groups.length === 0) return [];
  const lines = [paint(1, title), ''];
  for (const [index, group] of groups.slice(0, MOST_LISTED).entries()) {
    const times = group.count === 1 ? '' : `, ${group.count} times`;
    lines.push(`${index + 1}. ${paint(1, titleOf(group))}${times}: ${routesText(group)}`);
    const [left, right] = shortValues(group.original, group.candidate).map(valueText);
    const label = (side: string) => `   ${side}:`.padEnd(14);
    lines.push(`${label(sides[0])}${paint(31, left ?? '')}`, `${label(sides[1])}${paint(32, right ?? '')}`);
    if (group.section !== null) lines.push(`   See PORTING.md, "${group.section}"`);
    if (group.example !== null) lines.push(...exampleLines(group.example, sides, shown, width, paint));
    lines.push('');
  }
  const more = groups.length - MOST_LISTED;
  if (more > 0) lines.push(`… and ${counted(more, 'more difference')}, in the file of --report`, '');
  return lines;
}

function valueText(value: string | null): string {
  if (value === null) return '(not there)';
  if (value === '') return '(empty)';
  return value;
}

/** An exchange with several differences is shown with the first of them. */
function exampleLines(
  example: Example,
  sides: Sides,
  shown: Set<string>,
  width: number,
  paint: Paint,
): string[] {
  const key = `${sides[0]} ${example.number}`;
  if (shown.has(key)) return [`   Exchange ${example.number}, shown above`];
  shown.add(key);
  const rows = rowsOf(example.original, example.candidate);
  const columns =
    width < LEAST_COLUMNS ? oneAbove(rows, sides, paint) : sideBySide(rows, sides, width - 3, paint);
  return [
    `   Exchange ${example.number}:`,
    `   ${example.curl}`,
    '',
    ...columns.map((line) => `   ${line}`.trimEnd()),
  ];
}

function sideBySide(rows: readonly (Row | number)[], sides: Sides, width: number, paint: Paint): string[] {
  const column = Math.floor((width - 3) / 2);
  const lines = [`${paint(1, sides[0].padEnd(column))}   ${paint(1, sides[1])}`];
  for (const row of rows) {
    if (typeof row === 'number') {
      lines.push(paint(2, `… ${counted(row, 'equal line')}`));
      continue;
    }
    const [left, right] = fromDifference(row, column).map((line) => wrapped(line, column)) as [
      string[],
      string[],
    ];
    const sign = row.same ? ' ' : row.original === undefined ? '>' : row.candidate === undefined ? '<' : '|';
    for (let at = 0; at < Math.max(left.length, right.length); at++) {
      const [ours, theirs] = [(left[at] ?? '').padEnd(column), right[at] ?? ''];
      lines.push(row.same ? `${ours}   ${theirs}` : `${paint(31, ours)} ${sign} ${paint(32, theirs)}`);
    }
  }
  return lines;
}

/** Lines that are too long begin shortly before the place where they differ. */
function fromDifference({ original, candidate, same }: Row, width: number): (string | undefined)[] {
  const [ours, theirs] = [original, candidate];
  const room = MOST_WRAPPED * width;
  if (same || ours === undefined || theirs === undefined || Math.min(ours.length, theirs.length) <= room) {
    return [ours, theirs];
  }
  let at = 0;
  while (at < ours.length && ours[at] === theirs[at]) at++;
  const from = at - width;
  return from <= 0 ? [ours, theirs] : [`…${ours.slice(from)}`, `…${theirs.slice(from)}`];
}

function oneAbove(rows: readonly (Row | number)[], sides: Sides, paint: Paint): string[] {
  const lines = [`- ${sides[0]}`, `+ ${sides[1]}`];
  for (const row of rows) {
    if (typeof row === 'number') lines.push(paint(2, `… ${counted(row, 'equal line')}`));
    else if (row.same) lines.push(`  ${visibleLine(row.original ?? '')}`);
    else {
      if (row.original !== undefined) lines.push(paint(31, `- ${visibleLine(row.original)}`));
      if (row.candidate !== undefined) lines.push(paint(32, `+ ${visibleLine(row.candidate)}`));
    }
  }
  return lines;
}

function wrapped(line: string | undefined, width: number): string[] {
  if (line === undefined) return [''];
  const characters = [...visibleLine(line)];
  const parts: string[] = [];
  for (let at = 0; at < characters.length && parts.length < MOST_WRAPPED; at += width) {
    parts.push(characters.slice(at, at + width).join(''));
  }
  if (characters.length > MOST_WRAPPED * width)
    parts[MOST_WRAPPED - 1] = `${parts[MOST_WRAPPED - 1]?.slice(0, -1)}…`;
  return parts.length === 0 ? [''] : parts;
}

function visibleLine(line: string): string {
  return visible(line).replaceAll('\t', '    ');
}

function noiseLines(noise: readonly Group[], paint: Paint): string[] {
  if (noise.length === 0) return [];
  const listed = noise.slice(0, MOST_NOISE).map((group) => `   ${titleOf(group)}: ${routesText(group)}`);
  const more = noise.length - listed.length;
  if (more > 0) listed.push(`   … and ${more} more`);
  return [paint(1, 'Noise: the original differs from itself here, so this is not compared'), ...listed, ''];
}

function skippedLines({ exchanges }: ReportData): string[] {
  const reasons = new Map<string, number>();
  for (const { verdict, note } of exchanges) {
    if (verdict === 'skipped') reasons.set(note ?? 'skipped', (reasons.get(note ?? 'skipped') ?? 0) + 1);
  }
  if (reasons.size === 0) return [];
  return ['Skipped', ...[...reasons].map(([reason, count]) => `   ${count}: ${inLine(reason)}`), ''];
}

function routeLines({ routes }: ReportData, paint: Paint): string[] {
  if (routes.length === 0) return [];
  const names = ['exchanges', 'equal', 'different', 'noise', 'drift', 'skipped'] as const;
  const used = names.filter((name) => name !== 'skipped' || routes.some(({ skipped }) => skipped > 0));
  const widest = Math.max(...routes.map(({ route }) => [...inLine(route)].length), 5);
  const head = `${'Route'.padEnd(widest)}  ${used.join('  ')}`;
  const rows = routes.map((counts) => {
    const cells = used.map((name) => String(counts[name]).padStart(name.length));
    return `${inLine(counts.route).padEnd(widest)}  ${cells.join('  ')}`;
  });
  return [paint(1, head), ...rows, ''];
}
