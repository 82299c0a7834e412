/** The status of several processes: what parent and workers tell each other, without the processes. */
import { expect } from 'chai';
import sinon from 'sinon';
import { ServerBusy } from '../../../lib/errors.js';
import type { ServerStatus } from '../../../lib/server/status/server-status.js';
import {
  StatusLink,
  type StatusMessage,
  StatusOfWorkers,
} from '../../../lib/server/status/status-of-workers.js';
import { numbered } from './support.js';

const PARENT: ServerStatus = {
  ...numbered(1000),
  workers: { running: 2, restarts: 7 },
  startTime: 5,
  uptime: 6,
};

class Worker {
  readonly got: StatusMessage[] = [];

  /** The last sum that it was told. */
  get whole(): ServerStatus | undefined {
    const last = this.got.at(-1);
    return last?.kind === 'whole' ? last.whole : undefined;
  }
}

describe('the status of several workers', () => {
  let clock: sinon.SinonFakeTimers;
  let [a, b, c] = [new Worker(), new Worker(), new Worker()];
  let parent: StatusOfWorkers<Worker>;
  const send = (worker: Worker, message: StatusMessage) => worker.got.push(message);

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    [a, b, c] = [new Worker(), new Worker(), new Worker()];
    parent = new StatusOfWorkers(
      () => [a, b],
      () => PARENT,
      send,
    );
  });
  afterEach(() => {
    parent.stop();
    expect(clock.countTimers()).to.equal(0);
    clock.restore();
  });

  it('is that of all, once the others have answered, and what the parent alone knows', () => {
    parent.take(a, { kind: 'ask', own: numbered(1) });
    expect(b.got).to.deep.equal([{ kind: 'read' }]);
    expect(a.got).to.deep.equal([]);
    parent.take(b, { kind: 'own', own: numbered(10) });
    expect(a.whole?.queue).to.equal(1011 * numbered().queue);
    expect(a.whole?.workers).to.deep.equal({ running: 2, restarts: 7 });
    expect(a.whole).to.include({ startTime: 5, uptime: 6 });
    expect(b.got).to.have.length(1);
  });

  it('is told to all who ask at the same time, and the workers are asked once', () => {
    parent.take(a, { kind: 'ask', own: numbered(1) });
    parent.take(b, { kind: 'ask', own: numbered(10) });
    expect(a.whole?.queue).to.equal(1011 * numbered().queue);
    expect(b.whole).to.deep.equal(a.whole);
    expect(b.got.map(({ kind }) => kind)).to.deep.equal(['read', 'whole']);
  });

  it('has the last known numbers of a worker that does not answer within a second', () => {
    parent.take(b, { kind: 'own', own: numbered(10) });
    parent.take(a, { kind: 'ask', own: numbered(1) });
    clock.tick(999);
    expect(a.got).to.deep.equal([]);
    clock.tick(1);
    expect(a.whole?.queue).to.equal(1011 * numbered().queue);
    parent.take(b, { kind: 'own', own: numbered(20) });
    expect(a.got).to.have.length(1);
  });

  it('keeps what a worker has counted when that ends, and nothing else', () => {
    parent.take(b, { kind: 'own', own: numbered(10) });
    parent.gone(b);
    parent.take(a, { kind: 'ask', own: numbered(1) });
    parent.gone(b);
    clock.tick(1000);
    const { requests, connections, memory } = numbered();
    expect(a.whole?.requests.byMethod.GET).to.equal(1011 * requests.byMethod.GET);
    expect(a.whole?.connections).to.deep.equal({
      open: 1001 * connections.open,
      total: 1011 * connections.total,
    });
    expect(a.whole?.memory.rss).to.equal(1001 * memory.rss);
  });

  it('does not wait for a worker that ends', () => {
    parent.take(a, { kind: 'ask', own: numbered(1) });
    parent.gone(b);
    expect(a.whole?.queue).to.equal(1001 * numbered().queue);
  });

  it('is told to nobody who ended meanwhile', () => {
    parent.take(a, { kind: 'ask', own: numbered(1) });
    parent.gone(a);
    parent.take(b, { kind: 'own', own: numbered(10) });
    expect(a.got).to.deep.equal([]);
    clock.tick(1000);
    expect(a.got).to.deep.equal([]);
  });

  it('of one worker is there at once', () => {
    parent = new StatusOfWorkers(
      () => [c],
      () => PARENT,
      send,
    );
    parent.take(c, { kind: 'ask', own: numbered(1) });
    expect(c.whole?.queue).to.equal(1001 * numbered().queue);
  });

  describe('in a worker', () => {
    const sent: StatusMessage[] = [];
    let link: StatusLink;
    beforeEach(() => {
      sent.length = 0;
      link = new StatusLink(
        (message) => sent.push(message),
        () => numbered(3),
      );
    });

    it('comes from the parent, which is asked once for all', async () => {
      const both = [link.whole(numbered(1)), link.whole(numbered(2))];
      expect(sent).to.deep.equal([{ kind: 'ask', own: numbered(1) }]);
      link.take({ kind: 'whole', whole: numbered(5) });
      expect(await Promise.all(both)).to.deep.equal([numbered(5), numbered(5)]);
    });

    it('is asked for again later', async () => {
      const first = link.whole(numbered(1));
      link.take({ kind: 'whole', whole: numbered(5) });
      await first;
      const second = link.whole(numbered(2));
      expect(sent).to.have.length(2);
      link.take({ kind: 'whole', whole: numbered(6) });
      expect(await second).to.deep.equal(numbered(6));
    });

    it('is an error where the parent does not answer', async () => {
      const whole = link.whole(numbered(1)).catch((error: unknown) => error);
      clock.tick(3000);
      expect(await whole).to.be.instanceOf(ServerBusy);
    });

    it('is told every five seconds without being asked, and once more at the end', () => {
      link.start();
      clock.tick(4999);
      expect(sent).to.have.length(0);
      clock.tick(5001);
      link.stop(() => {});
      clock.tick(5000);
      expect(sent).to.deep.equal([
        { kind: 'own', own: numbered(3) },
        { kind: 'own', own: numbered(3) },
        { kind: 'own', own: numbered(3) },
      ]);
    });

    it('is told when the parent asks, and at the end', () => {
      link.take({ kind: 'read' });
      link.stop(() => {});
      expect(sent).to.deep.equal([
        { kind: 'own', own: numbered(3) },
        { kind: 'own', own: numbered(3) },
      ]);
    });
  });
});
