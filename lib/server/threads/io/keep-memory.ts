/** Has the allocator of the process keep the memory of request bodies for the next ones. */

/** Bytes: glibc keeps twice as many, more than there is of bodies between two garbage collections. */
const FREED_BYTES = 20 * 1024 * 1024;

/**
 * glibc gives memory back to the system as soon as the garbage collector has freed a few MiB of it, and the next body then
 * takes a page fault for each 4 KiB: a third of what a thread needs to read 1 MiB. Once a process has freed a large piece,
 * glibc keeps up to twice as much for each thread (mallopt(3), "M_MMAP_THRESHOLD"; the variables MALLOC_TRIM_THRESHOLD_ and
 * MALLOC_MMAP_THRESHOLD_ go first). This piece is never written to, and so takes no memory; elsewhere it does nothing.
 */
export function keepFreedMemory(): void {
  if (process.platform === 'linux') new ArrayBuffer(FREED_BYTES);
}
