/** The queue that all threads claim from, alone: what the I/O thread and several others may do in any order. */
import { expect } from 'chai';
import fc from 'fast-check';
import { RequestQueue } from '../../../lib/server/threads/shared/request-queue.js';
import { until } from '../../support/until.js';

const SLOTS = 64;

function nothing(): void {}

describe('the queue of requests', () => {
  it('gives each request to one thread, the oldest first', () => {
    const queue = new RequestQueue();
    const threads = [1, 2].map((serial) => ({ serial, side: new RequestQueue(queue.memory) }));
    for (let id = 1; id <= SLOTS; id++)
      expect(queue.put(id, id & 1, `text ${id}`)).to.equal((id - 1) % SLOTS);
    for (let id = 1; id <= SLOTS; id++) {
      const { serial, side } = threads[id % 2] as (typeof threads)[0];
      expect(side.claim(serial, nothing)).to.deep.equal({
        id,
        flags: id & 1,
        text: `text ${id}`,
        body: undefined,
      });
    }
    for (const { serial, side } of threads) expect(side.claim(serial, nothing)).to.equal(undefined);
  });

  it('says when it is full, and takes more when one was claimed', () => {
    const queue = new RequestQueue();
    for (let id = 1; id <= SLOTS; id++) queue.put(id, 0, '');
    expect(queue.put(99, 0, '')).to.equal(-1);
    queue.claim(1, nothing);
    expect(queue.put(99, 0, '')).to.equal(0);
    expect(queue.put(100, 0, '')).to.equal(-1);
  });

  it('has no text for what is too long for a slot', () => {
    const queue = new RequestQueue();
    queue.put(1, 0, 'x'.repeat(16 * 1024));
    queue.put(2, 0, 'x'.repeat(16 * 1024 + 1));
    expect(queue.claim(1, nothing)?.text).to.have.length(16 * 1024);
    expect(queue.claim(1, nothing)?.text).to.equal(undefined);
  });

  it('takes back what no thread has claimed, and has room again at once', () => {
    const queue = new RequestQueue();
    const slots = Array.from({ length: SLOTS }, (_, i) => queue.put(i + 1, 0, ''));
    slots.forEach((slot, i) => {
      expect(queue.cancel(slot, i + 1)).to.equal(true);
      expect(queue.cancel(slot, i + 1)).to.equal(false);
    });
    for (let id = 101; id <= 100 + SLOTS; id++) expect(queue.put(id, 0, '')).to.be.at.least(0);
    expect(queue.claim(1, nothing)?.id).to.equal(101);
    expect(queue.cancel(0, 1)).to.equal(false);
    expect(queue.cancel(-1, 1)).to.equal(false);
  });

  it('notifies when a claim has made room without finding anything', () => {
    const queue = new RequestQueue();
    const slots = [queue.put(1, 0, ''), queue.put(2, 0, '')];
    queue.claim(7, nothing);
    queue.cancel(slots[1] as number, 2);
    const { count } = queue.bell;
    expect(queue.claim(7, nothing)).to.equal(undefined);
    expect(queue.bell.count).not.to.equal(count);
  });

  it('frees what a thread that died was about to take, and nothing else', () => {
    const queue = new RequestQueue();
    queue.put(1, 0, '');
    queue.put(2, 0, '');
    expect(() =>
      queue.claim(5, () => {
        throw new Error('it died');
      }),
    ).to.throw();
    expect(queue.release(4)).to.equal(undefined);
    expect(queue.release(5)).to.equal(1);
    expect(queue.release(5)).to.equal(undefined);
    expect(queue.claim(6, nothing)?.id).to.equal(2);
    for (let id = 3; id < 3 + SLOTS; id++) expect(queue.put(id, 0, '')).to.be.at.least(0);
  });

  it('wakes the first threads that are idle, and as many as it is told', async () => {
    const queue = new RequestQueue(4);
    const side = new RequestQueue(queue.memory);
    const woken: number[] = [];
    const seen = side.work;
    for (const place of [3, 1, 2]) side.waitAsync(place, seen)?.then(() => woken.push(place));
    expect(queue.wake(1), 'there is no request').to.equal(false);
    queue.put(1, 0, '');
    expect(queue.wake(1)).to.equal(true);
    await until(() => woken.length > 0);
    expect(woken).to.deep.equal([1]);
    queue.wake(2);
    await until(() => woken.length > 2);
    expect(woken).to.have.members([1, 2, 3]);
  });

  it('lets no thread wait that has not seen all the work', () => {
    const queue = new RequestQueue(2);
    const side = new RequestQueue(queue.memory);
    const seen = side.work;
    queue.put(1, 0, '');
    queue.wake(1);
    expect(side.waitAsync(1, seen)).to.equal(undefined);
    side.wait(0, seen, Number.POSITIVE_INFINITY);
  });

  it('wakes a thread whose place another one was given', async () => {
    const queue = new RequestQueue();
    const [old, next] = [new RequestQueue(queue.memory), new RequestQueue(queue.memory)];
    let woken = false;
    next.waitAsync(0, next.work)?.then(() => {
      woken = true;
    });
    old.wait(0, old.work, 1);
    queue.wakeAll();
    await until(() => woken);
    expect(woken).to.equal(true);
  });

  it('loses and doubles nothing, whatever is put, claimed and cancelled, also where its counters wrap', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant('put' as const) },
      { weight: 3, arbitrary: fc.constant('claim' as const) },
      { weight: 2, arbitrary: fc.nat(80) },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(0, 0x7fffffff - 20, -30),
        fc.array(step, { maxLength: 400 }),
        (start, steps) => {
          const queue = new RequestQueue();
          const words = new Int32Array(queue.memory);
          words[32] = start;
          words[33] = start;
          const slots = new Map<number, number>();
          let last = 0;
          for (const what of steps) {
            if (what === 'put') {
              const id = last + 1;
              const slot = queue.put(id, 0, String(id));
              if (slot !== -1) {
                slots.set(id, slot);
                last = id;
              } else expect(slots.size, 'it is full').to.be.greaterThan(0);
            } else if (what === 'claim') {
              const oldest = slots.keys().next().value;
              expect(queue.claim(1, nothing)?.id).to.equal(oldest);
              if (oldest !== undefined) slots.delete(oldest);
            } else {
              const id = [...slots.keys()][what % Math.max(slots.size, 1)];
              if (id === undefined) continue;
              expect(queue.cancel(slots.get(id) as number, id)).to.equal(true);
              slots.delete(id);
            }
          }
          for (const id of slots.keys()) expect(queue.claim(1, nothing)?.id).to.equal(id);
          expect(queue.claim(1, nothing)).to.equal(undefined);
        },
      ),
      { numRuns: 200 },
    );
  });
});
