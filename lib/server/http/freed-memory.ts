/**
 * Memory of large request bodies: given back as soon as it was copied, and kept by the process for the next ones. The garbage
 * collector would come late, and glibc would give it on to the system, at a page fault for each 4 KiB when it is used again.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** Bytes: glibc keeps twice as many, more than there is of bodies between two garbage collections. */
const FREED_BYTES = 20 * 1024 * 1024;

/** Bytes of a body that is worth it: smaller ones come from memory that glibc keeps by itself. */
const LARGE_BODY = 128 * 1024;

/** Bytes of a buffer that is worth giving back. */
const LARGE_BUFFER = 16 * 1024;

/** Bytes that are given back together: each time takes about 2 µs. */
const TOGETHER = 256 * 1024;

let isKept = process.platform !== 'linux';

/**
 * glibc gives memory back to the system as soon as the garbage collector has freed a few MiB of it, and the next body then
 * takes a page fault for each 4 KiB: a third of what a thread needs to read 1 MiB, and a tenth on the event loop. Once a
 * process has freed a large piece, glibc keeps up to twice as much for each thread (mallopt(3), "M_MMAP_THRESHOLD"; the
 * variables MALLOC_TRIM_THRESHOLD_ and MALLOC_MMAP_THRESHOLD_ go first). This piece is never written to, and so takes no
 * memory; elsewhere it does nothing. A process that has no large bodies need not call it: it gives back what it frees.
 */
export function keepFreedMemory(): void {
  if (isKept) return;
  isKept = true;
  new ArrayBuffer(FREED_BYTES);
}

/** A body of so many bytes was read in one piece. */
export function wasReadWhole(bytes: number): void {
  if (bytes >= LARGE_BODY) keepFreedMemory();
}

let spent: ArrayBuffer[] = [];
let spentBytes = 0;
let nowhere: MessagePort | undefined;

/**
 * Frees the memory of buffers that nobody has any more. Left to the collector it costs more: V8 counts what it has not freed
 * as memory of the old generation, and collects all of that, with four threads, up to 30 times a second (a third of what a
 * thread needed to read 1 MiB). What is sent to a port without another end is gone at once.
 * @param buffers each has all of its memory, or is left alone. They are empty afterwards.
 */
export function giveBack(buffers: readonly Buffer[]): void {
  for (const one of buffers) {
    if (one.length < LARGE_BUFFER || !hasAllOfItsMemory(one)) continue;
    spent.push(one.buffer as ArrayBuffer);
    spentBytes += one.length;
  }
  if (spentBytes < TOGETHER) return;
  nowhere ??= portToNowhere();
  nowhere.postMessage(undefined, spent);
  spent = [];
  spentBytes = 0;
}

/** Its memory is not that of other buffers too, which would lose theirs with it. */
export function hasAllOfItsMemory({ buffer, length }: Buffer): boolean {
  return buffer.byteLength === length;
}

function portToNowhere(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.unref();
  return port1;
}

/** Bytes: it does not come out of memory that buffers share (`Buffer.poolSize`). */
const LOOK = 4096;

/**
 * To be called where another thread hands memory over. V8 collects the young generation where that has much such memory, but
 * looks at how much only where this thread makes some. Otherwise it comes to a full collection for each 64 MiB.
 */
export function tookMemory(): void {
  Buffer.allocUnsafeSlow(LOOK);
}
