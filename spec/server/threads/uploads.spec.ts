/** Bodies of requests on their way to a thread: as they come, and in one go where the handler waits for much. */
import { expect } from 'chai';
import type { PooledThread } from '../../../lib/server/threads/io/pooled-thread.js';
import { postBody } from '../../../lib/server/threads/io/post-body.js';
import { BLOCK_BYTES, Blocks, NONE, RUN_BYTES } from '../../../lib/server/threads/shared/blocks.js';
import { TO_THREAD } from '../../../lib/server/threads/shared/messages.js';
import { Frame } from '../../../lib/server/threads/shared/ring.js';
import { ThreadLine } from '../../../lib/server/threads/shared/thread-line.js';

const ID = 3;
const PACKET = 64 * 1024;

/** What is left of a thread where only its rings and blocks matter. */
class FakeThread {
  readonly id = 7;
  readonly line = new ThreadLine();
  readonly blocks = new Blocks(8 * BLOCK_BYTES);
  dropped = false;

  post(...[type, flags, id, text, bytes, block]: Parameters<PooledThread['post']>): void {
    expect(this.line.inbound.push(type, flags, id, text, bytes, block)).to.equal(true);
  }

  room(): undefined {}

  /** Lengths of the frames that are there; those in blocks are free then. */
  read(): string[] {
    const frame = new Frame();
    const found: string[] = [];
    while (this.line.inbound.shift(frame)) {
      const { type, block, length } = frame;
      if (type === TO_THREAD.body) found.push(`${block === NONE ? 'ring' : 'blocks'} ${length}`);
      else found.push(type === TO_THREAD.bodyEnd ? 'end' : 'error');
      if (block !== NONE) this.blocks.free(block);
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
    expect(thread.read()).to.deep.equal([`blocks ${3 * PACKET}`]);
    // That was enough: the rest is not held back.
    await give(...packets(1));
    expect(thread.read()).to.deep.equal([`ring ${PACKET}`]);
    await give(null);
    await done;
    expect(thread.blocks.used).to.equal(0);
  });

  it('goes out when it ends, and in parts that fit into blocks', async () => {
    const thread = new FakeThread();
    thread.line.want(0, Number.POSITIVE_INFINITY);
    const { give, done } = start(thread);
    await give(...packets(RUN_BYTES / PACKET - 1), Buffer.alloc(PACKET + 10));
    expect(thread.read()).to.deep.equal([`blocks ${RUN_BYTES}`, 'ring 10']);
    thread.line.want(RUN_BYTES + 10, Number.POSITIVE_INFINITY);
    await give(Buffer.alloc(20));
    expect(thread.read()).to.deep.equal([]);
    await give(null);
    await done;
    expect(thread.read()).to.deep.equal(['blocks 20', 'end']);
    expect(thread.blocks.used).to.equal(0);
  });

  it('goes through the ring where no blocks are free', async () => {
    const thread = new FakeThread();
    while (thread.blocks.fill(1, Buffer.alloc(1)) !== NONE);
    thread.line.want(0, Number.POSITIVE_INFINITY);
    const { give, done } = start(thread);
    await give(...packets(1), null);
    await done;
    expect(thread.read()).to.deep.equal([`ring ${PACKET}`, 'end']);
  });

  it('leaves no blocks behind when it fails, its request is over, or its thread ends', async () => {
    for (const how of ['fails', 'is over', 'thread ends'] as const) {
      const thread = new FakeThread();
      let isOver = false;
      thread.line.want(0, Number.POSITIVE_INFINITY);
      const { give, done } = start(thread, () => isOver);
      await give(...packets(1));
      expect(thread.blocks.used).to.equal(4);
      if (how === 'is over') isOver = true;
      if (how === 'thread ends') {
        thread.dropped = true;
        thread.blocks.release(thread.id);
        // Another one has them now.
        thread.blocks.fill(8, Buffer.alloc(1));
      }
      await give(how === 'fails' ? new Error('cut') : Buffer.alloc(1));
      await done;
      expect(thread.blocks.used, how).to.equal(how === 'thread ends' ? 1 : 0);
      expect(thread.read(), how).to.deep.equal(how === 'fails' ? ['error'] : []);
    }
  });
});
