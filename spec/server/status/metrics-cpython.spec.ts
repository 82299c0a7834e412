/** The status as the parsers of Prometheus' own client for Python read it: that of OpenMetrics is a strict one. */
import { expect } from 'chai';
import { renderMetrics } from '../../../lib/server/status/metrics.js';
import { StatusSource } from '../../../lib/server/status/status-source.js';
import { PythonProgram, requirePython } from '../../support/python.js';

interface Family {
  readonly name: string;
  readonly type: string;
  readonly samples: readonly [name: string, labels: Readonly<Record<string, string>>, value: number][];
}

describe('the text for Prometheus, and its own parser', () => {
  let python: PythonProgram;
  const source = new StatusSource(() => ({ requests: 2, webSockets: 1, pool: undefined }));
  before(function () {
    requirePython(this);
    python = new PythonProgram('metrics.py');
  });
  after(async () => {
    source.stop();
    await python?.end();
  });

  for (const format of ['prometheus', 'openmetrics'] as const) {
    it(`agree on ${format}`, async () => {
      for (const milliseconds of [0.5, 3, 3, 400, 90_000]) {
        source.counters.ended('GET', 200, performance.now() - milliseconds);
      }
      const status = source.read();
      const { answer = [], error } = await python.ask<Family[]>({
        format,
        text: renderMetrics(status, format),
      });
      expect(error).to.equal(undefined);
      const family = (name: string) => answer.find((one) => one.name === name);
      expect(answer.map(({ type }) => type)).to.not.include('unknown');
      expect(family('wsgi_requests')?.type).to.equal('counter');
      expect(family('wsgi_requests')?.samples[0]).to.deep.equal([
        'wsgi_requests_total',
        { method: 'GET' },
        status.requests.byMethod.GET,
      ]);
      expect(family('wsgi_requests_in_flight')?.samples).to.deep.equal([['wsgi_requests_in_flight', {}, 2]]);
      expect(family('wsgi_memory_bytes')?.samples[0]?.[2]).to.equal(status.memory.rss);
      const latency = family('wsgi_request_duration_seconds');
      expect(latency?.type).to.equal('histogram');
      const buckets = latency?.samples.filter(([name]) => name.endsWith('_bucket')) ?? [];
      expect(buckets.map(([, { le }]) => Number(le?.replace('+Inf', 'Infinity')))).to.deep.equal([
        0.001,
        0.0025,
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        0.5,
        1,
        2.5,
        5,
        10,
        30,
        60,
        Infinity,
      ]);
      expect(buckets.map(([, , value]) => value)).to.deep.equal(Object.values(status.latency.buckets));
      expect(buckets.at(-1)?.[2]).to.equal(status.latency.count);
    });
  }
});
