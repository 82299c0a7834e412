/** The status of a server with threads, which is there also while all of them are busy. */
import { expect } from 'chai';
import type { ServerStatus } from '../../../lib/server/status/server-status.js';
import { until } from '../../support/until.js';
import { SharedLog, Threads } from '../threads/support.js';

describe('the status of a server with threads', () => {
  let threads: Threads;
  afterEach(() => threads.stop());

  async function read(): Promise<ServerStatus> {
    return (await (await threads.fetch('/-/status')).json()) as ServerStatus;
  }

  async function readUntil(test: (status: ServerStatus) => boolean): Promise<ServerStatus> {
    let status = await read();
    await until(async () => {
      status = await read();
      return test(status);
    }, 'that status');
    return status;
  }

  it('says how many are busy and free, and how many requests wait, while all are busy', async () => {
    threads = await Threads.start({ threads: 2, statusPath: '/-/status' });
    const idle = await readUntil((status) => status.threads.free === 2);
    expect(idle.threads).to.deep.equal({ busy: 0, free: 2, starting: 0, restarts: 0 });
    expect(idle.queue).to.equal(0);
    const first = threads.text('/gate?a');
    await threads.wrote('gate a');
    expect((await readUntil((status) => status.threads.busy === 1)).threads.free).to.equal(1);
    const second = threads.text('/gate?b');
    await threads.wrote('gate b');
    const others = [threads.text('/gate?c'), threads.text('/gate?d'), threads.text('/gate?e')];
    const full = await readUntil((status) => status.queue === 3);
    expect(full.threads).to.deep.equal({ busy: 2, free: 0, starting: 0, restarts: 0 });
    expect(full.requests.inFlight).to.equal(5);
    for (const gate of ['a', 'b', 'c', 'd', 'e']) threads.open(gate);
    await Promise.all([first, second, ...others]);
    const after = await readUntil((status) => status.threads.free === 2 && status.latency.count === 5);
    expect(after.queue).to.equal(0);
    expect(after.requests).to.deep.include({ inFlight: 0, unanswered: 0 });
    expect(after.responses['2xx']).to.equal(5);
  });

  it('counts the threads that were started in place of others', async () => {
    const { errorLogfile } = new SharedLog();
    threads = await Threads.start({ threads: 1, statusPath: '/-/status', errorLogfile });
    await readUntil((status) => status.threads.free === 1);
    expect((await threads.fetch('/exit')).status).to.equal(500);
    const status = await readUntil(({ threads: now, responses }) => now.free === 1 && responses['5xx'] === 1);
    expect(status.threads.restarts).to.equal(1);
    expect(status.responses['5xx']).to.equal(1);
  });
});
