/** The report as one page of HTML: without scripts and other files, for a phone and for the dark too. */
import { STYLE } from './html-style.js';
import type { Example, Group, ReportData } from './report-data.js';
import { rowsOf } from './rows.js';
import { routesText, titleOf, totalsLine } from './text-report.js';
import { counted, escaped, inLine, shortValues } from './visible.js';

/** Exchanges that are listed; JSON has more. */
const MOST_EXCHANGES = 2000;

export function htmlOf(data: ReportData): string {
  const { totals, archive, original, candidate, notes } = data;
  const good = totals.different + totals.drift === 0 && totals.equal > 0;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${good ? 'Equal' : 'Different'}: ${escaped(candidate)}</title>
<style>${STYLE}</style>
<header>
<h1>${escaped(totalsLine(totals))}</h1>
<dl>
<dt>Archive<dd>${escaped(archive)}
<dt>Original<dd>${escaped(original)}
<dt>Candidate<dd>${escaped(candidate)}
</dl>
${notes.map((note) => `<p>${escaped(note)}</p>`).join('\n')}
</header>
<main>
${groupsHtml('Differences', 'differences', data.differences, ['original', 'candidate'])}
${groupsHtml('Drift: the original no longer does what was recorded', 'drift', data.drift, ['recorded', 'original'])}
${noiseHtml(data.noise)}
${routesHtml(data)}
${exchangesHtml(data)}
</main>
</html>
`;
}

type Sides = readonly [left: string, right: string];

function groupsHtml(title: string, id: string, groups: readonly Group[], sides: Sides): string {
  if (groups.length === 0) return '';
  const items = groups.map((group, index) => {
    const [left, right] = shortValues(group.original, group.candidate).map(valueHtml);
    const section = group.section === null ? '' : `<p>See PORTING.md, “${escaped(group.section)}”</p>`;
    return `<details${index === 0 ? ' open' : ''}>
<summary><b>${escaped(titleOf(group))}</b> <span>${counted(group.count, 'exchange')}: ${escaped(routesText(group))}</span></summary>
<dl class="values"><dt>${sides[0]}<dd>${left}<dt>${sides[1]}<dd>${right}</dl>
${section}${group.example === null ? '' : exampleHtml(group.example, sides)}
</details>`;
  });
  return `<section id="${id}"><h2>${escaped(title)}</h2>\n${items.join('\n')}\n</section>`;
}

function valueHtml(value: string | null): string {
  if (value === null) return '<i>not there</i>';
  return value === '' ? '<i>empty</i>' : `<code>${escaped(value)}</code>`;
}

function exampleHtml(example: Example, sides: Sides): string {
  const rows = rowsOf(example.original, example.candidate);
  const column = (side: 'original' | 'candidate') =>
    rows
      .map((row) => {
        if (typeof row === 'number') return `<i>… ${counted(row, 'equal line')}</i>`;
        const line = row[side];
        if (line === undefined) return '<span class="none"> </span>';
        return row.same ? `<span>${escaped(line)} </span>` : `<mark>${escaped(line)} </mark>`;
      })
      .join('\n');
  const figure = (side: 'original' | 'candidate', name: string) =>
    `<figure><figcaption>${name}</figcaption><pre tabindex="0" aria-label="${name}">${column(side)}</pre></figure>`;
  return `<h3>Exchange ${example.number}: ${escaped(`${example.method} ${example.target}`)}</h3>
<pre class="curl" tabindex="0" aria-label="the request for curl">${escaped(example.curl)}</pre>
<div class="sides">${figure('original', sides[0])}${figure('candidate', sides[1])}</div>`;
}

function noiseHtml(noise: readonly Group[]): string {
  if (noise.length === 0) return '';
  const items = noise.map(
    (group) => `<li><code>${escaped(titleOf(group))}</code> ${escaped(routesText(group))}`,
  );
  return `<section id="noise"><h2>Noise</h2><details>
<summary>${counted(noise.length, 'place')} where the original differs from itself</summary>
<ul>${items.join('\n')}</ul></details></section>`;
}

function routesHtml({ routes }: ReportData): string {
  const names = ['exchanges', 'equal', 'different', 'noise', 'drift', 'skipped'] as const;
  const rows = routes.map(
    (counts) =>
      `<tr><th scope="row">${escaped(counts.route)}</th>${names.map((name) => `<td${counts[name] > 0 ? ` class="${name}"` : ''}>${counts[name]}</td>`).join('')}</tr>`,
  );
  const head = names.map((name) => `<th scope="col">${name}</th>`).join('');
  return `<section id="routes"><h2>Routes</h2><div class="wide" tabindex="0" role="region" aria-label="Routes"><table>
<thead><tr><th scope="col">route</th>${head}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div></section>`;
}

function exchangesHtml({ exchanges, totals }: ReportData): string {
  const listed = exchanges.filter(({ verdict }) => verdict !== 'equal').slice(0, MOST_EXCHANGES);
  if (listed.length === 0) return '';
  const rows = listed.map(({ number, method, target, verdict, differences, drift, note }) => {
    const what = verdict === 'drift' ? drift : differences;
    const text = [...what, note ?? ''].filter((one) => one !== '').join(', ');
    return `<tr><td>${number}</td><th scope="row">${escaped(`${method} ${target}`)}</th><td class="${verdict}">${verdict}</td><td>${escaped(inLine(text))}</td></tr>`;
  });
  return `<section id="exchanges"><h2>Exchanges</h2><details>
<summary>${listed.length} of ${totals.exchanges} that are not equal</summary>
<div class="wide" tabindex="0" role="region" aria-label="Exchanges"><table>
<thead><tr><th scope="col">number</th><th scope="col">request</th><th scope="col">verdict</th><th scope="col">what</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div></details></section>`;
}
