/** An address as REMOTE_ADDR has it. */

/** IPv4 on a socket of both families comes as `::ffff:127.0.0.1`: without the front then, and all else as it is. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
