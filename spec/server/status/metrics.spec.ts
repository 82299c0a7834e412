/** The text for Prometheus: every number of the status, in both formats. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { RequestError } from '../../../lib/errors.js';
import { renderMetrics } from '../../../lib/server/status/metrics.js';
import { chooseFormat } from '../../../lib/server/status/status-format.js';
import { ROOT } from '../../support/source.js';
import { leavesOf, numbered } from './support.js';

const status = numbered();

/** Samples without what stands in braces twice, by name and labels. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ [^ ]*$/, ''), Number(/[^ ]*$/.exec(line)?.[0])]));
}

describe('the status for Prometheus', () => {
  for (const format of ['prometheus', 'openmetrics'] as const) {
    describe(`as ${format}`, () => {
      const text = renderMetrics(status, format);
      const samples = samplesOf(text);

      it('has every number of the status once, and no other', () => {
        const values = leavesOf(status).map(([, value]) => value);
        expect([...samples.values()].sort((a, b) => a - b)).to.deep.equal(values);
        expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).to.have.length(
          values.length,
        );
      });

      it('says before each family what it is, in one HELP and one TYPE', () => {
        const families = [...text.matchAll(/^# HELP (\S+) .+\n# TYPE (\S+) (\w+)\n(\S+?)(?:\{.*\})? /gm)];
        expect(families.map(([, help]) => help)).to.deep.equal(families.map(([, , type]) => type));
        expect(text.match(/^# TYPE/gm)).to.have.length(families.length);
        expect(new Set(families.map(([, help]) => help)).size).to.equal(families.length);
      });

      it('ends the samples of a counter, and only those, in _total', () => {
        const kinds = [...text.matchAll(/^# TYPE \S+ (\w+)\n((?:[^#\n].*\n)+)/gm)];
        for (const [, kind, lines = ''] of kinds) {
          for (const line of lines.trimEnd().split('\n')) {
            expect(/^\w+_total(?=[ {])/.test(line), line).to.equal(kind === 'counter');
          }
        }
      });

      it('names a counter as its format does', () => {
        const name = format === 'openmetrics' ? 'wsgi_requests' : 'wsgi_requests_total';
        expect(text).to.include(`\n# TYPE ${name} counter\nwsgi_requests_total{method="GET"} `);
      });

      it('has a histogram with all buckets, sum and count', () => {
        const { latency } = status;
        expect(text).to.include(`# TYPE wsgi_request_duration_seconds histogram
wsgi_request_duration_seconds_bucket{le="0.5"} ${latency.buckets['0.5']}
wsgi_request_duration_seconds_bucket{le="1.0"} ${latency.buckets['1.0']}
wsgi_request_duration_seconds_bucket{le="+Inf"} ${latency.buckets['+Inf']}
wsgi_request_duration_seconds_sum ${latency.sum}
wsgi_request_duration_seconds_count ${latency.count}
`);
      });
    });
  }

  it('ends with a mark as OpenMetrics, and without one before', () => {
    expect(renderMetrics(status, 'openmetrics')).to.match(/\n# EOF\n$/);
    expect(renderMetrics(status, 'prometheus')).not.to.include('EOF');
  });
});

describe('docs/status.md', () => {
  const page = readFileSync(`${ROOT}docs/status.md`, 'utf8');

  it('explains every metric', () => {
    const names = [...samplesOf(renderMetrics(status, 'prometheus')).keys()].map(
      (name) => /^\w+?(?=_bucket|_sum$|_count$|\{|$)/.exec(name)?.[0] ?? '',
    );
    expect([...new Set(names)].filter((name) => !new RegExp(`\`${name}[\`{]`).test(page))).to.deep.equal([]);
  });

  it('explains every part of the JSON', () => {
    expect(
      Object.keys(status).filter((name) => !new RegExp(`^\\| \`${name}[.\`]`, 'm').test(page)),
    ).to.deep.equal([]);
  });
});

describe('the format of the status', () => {
  const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
  const PROMETHEUS_2 =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
  const OLD_PROMETHEUS = 'text/plain;version=0.0.4;q=1,*/*;q=0.1';
  const cases: [accept: string | undefined, format: string][] = [
    [undefined, 'json'],
    ['', 'json'],
    ['*/*', 'json'],
    [BROWSER, 'json'],
    ['application/json', 'json'],
    ['application/json, text/plain', 'json'],
    ['text/plain', 'prometheus'],
    ['TEXT/plain ; Version=0.0.4', 'prometheus'],
    ['text/*', 'prometheus'],
    ['text/*, application/json;q=0.9', 'prometheus'],
    [OLD_PROMETHEUS, 'prometheus'],
    [PROMETHEUS_2, 'openmetrics'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/json;q=0, */*', 'prometheus'],
    ['image/png', 'json'],
    ['text/plain;q=nonsense, application/json;q=0.1', 'json'],
  ];
  for (const [accept, format] of cases) {
    it(`is ${format} for Accept: ${accept}`, () => {
      expect(chooseFormat('', accept)).to.equal(format);
    });
  }

  for (const format of ['json', 'prometheus', 'openmetrics']) {
    it(`is ${format} where the query says so, whatever is accepted`, () => {
      expect(chooseFormat(`a=b&format=${format}`, 'image/png')).to.equal(format);
    });
  }

  it('is refused where there is no such format', () => {
    expect(() => chooseFormat('format=xml', '*/*'))
      .to.throw(RequestError, 'The format is one of json, prometheus, openmetrics')
      .with.property('status', 400);
  });
});
