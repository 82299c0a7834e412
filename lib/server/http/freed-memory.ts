/**
 * Memory of large request bodies is kept for the next ones: what glibc gives back to the system costs a page fault for each
 * 4 KiB.
 */

/** Bytes: glibc keeps twice as many, more than there is of bodies between two garbage collections. */
const FREED_BYTES = 20 * 1024 * 1024;

/** Bytes of a body that is worth it: smaller ones come from memory that glibc keeps by itself. */
const LARGE_BODY = 128 * 1024;

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
