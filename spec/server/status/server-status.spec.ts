/** The status of several processes as one. */
import { expect } from 'chai';
import { countsOf, type ServerStatus, sumStatus } from '../../../lib/server/status/server-status.js';
import { leavesOf, numbered } from './support.js';

describe('the sum of two statuses', () => {
  it('adds up every number, but the times of the start and the lag', () => {
    const [one, ten] = [numbered(), numbered(10)];
    const differently: Record<string, number> = {
      startTime: one.startTime,
      uptime: ten.uptime,
      'eventLoop.lag': ten.eventLoop.lag,
    };
    for (const sum of [sumStatus(one, ten), sumStatus(ten, one)]) {
      const expected = leavesOf(one).map(([path, value]) => [path, differently[path] ?? 11 * value]);
      expect(leavesOf(sum)).to.deep.equal(expected);
    }
  });

  it('leaves both as they are', () => {
    const one = numbered();
    sumStatus(one, numbered(10));
    expect(one).to.deep.equal(numbered());
  });

  it('takes what one of them does not know for 0: it may be of another version', () => {
    const { cpu: _, ...older } = numbered();
    const sum = sumStatus(older as ServerStatus, numbered(10));
    expect(sum.cpu).to.deep.equal(numbered(10).cpu);
    expect(sum.queue).to.equal(11 * older.queue);
    expect(leavesOf(sumStatus(numbered(10), older as ServerStatus))).to.deep.include(['queue', sum.queue]);
  });
});

describe('what stays of a process that has ended', () => {
  it('is what it has counted', () => {
    const kept = leavesOf(countsOf(numbered())).filter(([, value]) => value !== 0);
    expect(kept.map(([path]) => path)).to.deep.equal([
      'startTime',
      'workers.restarts',
      'threads.restarts',
      ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'].map(
        (name) => `requests.byMethod.${name}`,
      ),
      'requests.unanswered',
      'requests.refused',
      ...['1xx', '2xx', '3xx', '4xx', '5xx'].map((name) => `responses.${name}`),
      ...['buckets.0.5', 'buckets.1.0', 'buckets.+Inf', 'sum', 'count'].map((name) => `latency.${name}`),
      'bytes.received',
      'bytes.sent',
      'connections.total',
      'webSockets.total',
      ...['published', 'received', 'dropped', 'lost'].map((name) => `channels.${name}`),
      'cpu.user',
      'cpu.system',
      'eventLoop.active',
      'eventLoop.idle',
    ]);
  });
});
