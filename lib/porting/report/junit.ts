/** The report as JUnit XML, which CI servers read: a suite for each route, a case for each exchange. */
import type { ExchangeRow, ReportData, RouteCounts } from './report-data.js';
import { titleOf, totalsLine } from './text-report.js';
import { escaped } from './visible.js';

const NOTHING = '(not there)';

/** Drift is a failure too: an exchange in which the original does something else than before proves nothing. */
export function junitOf(data: ReportData): string {
  const { totals, routes } = data;
  const failures = totals.different + totals.drift;
  const attributes = `name="wsgi compare" tests="${totals.exchanges}" failures="${failures}" errors="0" skipped="${totals.skipped}"`;
  const byRoute = new Map<string, ExchangeRow[]>();
  for (const row of data.exchanges) byRoute.set(row.route, [...(byRoute.get(row.route) ?? []), row]);
  const values = new Map(
    [...data.differences, ...data.drift].map((group) => [
      titleOf(group),
      `${group.original ?? NOTHING} | ${group.candidate ?? NOTHING}`,
    ]),
  );
  const suites = routes.flatMap((route) => suiteOf(route, byRoute.get(route.route) ?? [], values));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes}>`,
    ...suites,
    `<!-- ${escaped(totalsLine(totals))} -->`,
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteOf(
  route: RouteCounts,
  rows: readonly ExchangeRow[],
  values: ReadonlyMap<string, string>,
): string[] {
  const failures = route.different + route.drift;
  return [
    `  <testsuite name="${escaped(route.route)}" tests="${route.exchanges}" failures="${failures}" errors="0" skipped="${route.skipped}">`,
    ...rows.map((row) => caseOf(row, values)),
    '  </testsuite>',
  ];
}

function caseOf(row: ExchangeRow, values: ReadonlyMap<string, string>): string {
  const name = `${row.number} ${row.method} ${row.target}`;
  const open = `    <testcase name="${escaped(name)}" classname="${escaped(row.route)}"`;
  if (row.verdict === 'equal') return `${open}/>`;
  if (row.verdict === 'skipped') {
    return `${open}><skipped message="${escaped(row.note ?? 'skipped')}"/></testcase>`;
  }
  const places = row.verdict === 'drift' ? row.drift : row.differences;
  const text = places.map((place) => `${place}: ${values.get(place) ?? ''}`).join('\n');
  return `${open}><failure type="${row.verdict}" message="${escaped(places.join(', '))}">${escaped(text)}</failure></testcase>`;
}
