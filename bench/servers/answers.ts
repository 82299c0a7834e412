/** What every server of the bench answers. */
export const HELLO = Buffer.from('Hello, World!\n');
export const JSON_BODY = Buffer.from(
  JSON.stringify({
    items: Array.from({ length: 160 }, (_, id) => ({ id, name: `item ${id}`, tags: ['a', 'b', 'c'] })),
  }),
);
export const MEBIBYTE = Buffer.alloc(1024 * 1024, 'x');
export const KIBIBYTES_64 = MEBIBYTE.subarray(0, 64 * 1024);
export const CHUNK = Buffer.alloc(1024, 'c');
export const CHUNKS = 64;
