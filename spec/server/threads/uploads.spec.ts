/** Bodies of requests on their way to a thread: as they come, and in one go where the handler waits for much. */
import { expect } from 'chai';
import type { PooledThread } from '../../../lib/server/threads/io/pooled-thread.js';
import { postBody } from '../../../lib/server/threads/io/post-body.js';
import { TO_THREAD } from '../../../lib/server/threads/shared/messages.js';
import { Frame } from '../../../lib/server/threads/shared/ring.js';
import { ThreadLine } from '../../../lib/server/threads/shared/thread-line.js';

const ID = 3;
const PACKET = 64 * 1024;

/** What is left of a thread where only its rings matter, and what it is handed. */
class FakeThread {
  readonly line = new ThreadLine();
  readonly moved: Buffer[] = [];
  dropped = false;

  post(...[type, flags, id, text, bytes]: Parameters<PooledThread['post']>): void {
    expect(this.line.inbound.push(type, flags, id, text, bytes)).to.equal(true);
  }

  move(id: number, bytes: Buffer): void {
    this.moved.push(bytes);
    this.post(TO_THREAD.movedBody, 0, id, '');
  }

  room(): undefined {}

  /** The frames that are there, with their lengths. */
  read(): string[] {
    const frame = new Frame();
    const found: string[] = [];
    while (this.line.inbound.shift(frame)) {
      const { type, length } = frame;
      if (type === TO_THREAD.body) found.push(`ring ${length}`);
      else if (type === TO_THREAD.movedBody) found.push(`moved ${this.moved.shift()?.length}`);
      else found.push(type === TO_THREAD.bodyEnd ? 'end' : 'error');
    }
    return found;
  }
}

describe('the body of a request, for a thread', () => {
  /** A body of packets, each of which comes when it is let go. */
  function body() {
    const packets: (Buffer | Error | null)[] = [];
    let waiting: (() => void) | undefined;
    return {
      async pull(): Promise<Buffer | null> {
        while (packets.length === 0) await new Promise<void>((resolve) => (waiting = resolve));
        const packet = packets.shift() as Buffer | Error | null;
        if (packet instanceof Error) throw packet;
        return packet;
      },
      async give(...more: (Buffer | Error | null)[]): Promise<void> {
        packets.push(...more);
        waiting?.();
        // All of it is pulled in microtasks.
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  }

  function start(thread: FakeThread, isOver = () => false) {
    const source = body();
    return { ...source, done: postBody(thread as unknown as PooledThread, source, ID, isOver) };
  }

  const packets = (count: number) => Array.from({ length: count }, () => Buffer.alloc(PACKET, 'p'));

  it('goes out as it comes while little is waited for', async () => {
    const thread = new FakeThread();
    thread.line.want(0, 1);
    const { give, done } = start(thread);
    await give(...packets(2));
    expect(thread.read()).to.deep.equal([`ring ${PACKET}`, `ring ${PACKET}`]);
    await give(null);
    await done;
    expect(thread.read()).to.deep.equal(['end']);
  });

  it('goes out in one go as soon as there is as much as is waited for', async () => {
    const thread = new FakeThread();
    thread.line.want(0, 3 * PACKET - 5);
    const { give, done } = start(thread);
    await give(...packets(2));
    expect(thread.read()).to.deep.equal([]);
    await give(...packets(1));
    // The rest is not held back.
    expect(thread.read()).to.deep.equal([`moved ${3 * PACKET - 5}`, 'ring 5']);
    await give(...packets(1));
    expect(thread.read()).to.deep.equal([`ring ${PACKET}`]);
    await give(null);
    await done;
    expect(thread.read()).to.deep.equal(['end']);
  });

  it('goes out when it ends, and no more than 4 MiB at once', async () => {
    const thread = new FakeThread();
    const most = 4 * 1024 * 1024;
    thread.line.want(0, Number.POSITIVE_INFINITY);
    const { give, done } = start(thread);
    await give(...packets(most / PACKET - 1), Buffer.alloc(PACKET + 10));
    expect(thread.read()).to.deep.equal([`moved ${most}`, 'ring 10']);
    thread.line.want(most + 10, Number.POSITIVE_INFINITY);
    await give(...packets(2), Buffer.alloc(20));
    expect(thread.read()).to.deep.equal([]);
    await give(null);
    await done;
    expect(thread.read()).to.deep.equal([`moved ${2 * PACKET + 20}`, 'end']);
  });

  it('goes through the ring where it turns out to be short', async () => {
    const thread = new FakeThread();
    thread.line.want(0, Number.POSITIVE_INFINITY);
    const { give, done } = start(thread);
    await give(...packets(1), null);
    await done;
    expect(thread.read()).to.deep.equal([`ring ${PACKET}`, 'end']);
  });

  it('is copied where others may have its memory, and otherwise given away', async () => {
    const bytes = Buffer.alloc(4 * PACKET, 'b');
    for (const gaveOwn of [false, true]) {
      const thread = new FakeThread();
      thread.line.want(0, bytes.length);
      const source = Object.assign(body(), { gaveOwn });
      const done = postBody(thread as unknown as PooledThread, source, ID, () => false);
      await source.give(bytes, null);
      await done;
      const [moved] = thread.moved as [Buffer];
      expect(moved.equals(bytes)).to.equal(true);
      expect(moved.buffer === bytes.buffer).to.equal(gaveOwn);
    }
  });

  it('does not go out when it fails, its request is over, or its thread ends', async () => {
    for (const how of ['fails', 'is over', 'thread ends'] as const) {
      const thread = new FakeThread();
      let isOver = false;
      thread.line.want(0, Number.POSITIVE_INFINITY);
      const { give, done } = start(thread, () => isOver);
      await give(...packets(3));
      if (how === 'is over') isOver = true;
      if (how === 'thread ends') thread.dropped = true;
      await give(how === 'fails' ? new Error('cut') : Buffer.alloc(1));
      await done;
      expect(thread.read(), how).to.deep.equal(how === 'fails' ? ['error'] : []);
    }
  });
});
