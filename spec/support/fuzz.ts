/** Requests that no one would write, by the thousand, and what may come back. */
import { connect } from 'node:net';
import fc from 'fast-check';

/** Characters, one for each byte, of which parsers are fond. */
const odd = fc.constantFrom(...'\0\t\n\r\x0b\x0c\x1b "#%,:;=?@[\\]\x7f\x80\xa0\xff');
const byte = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...'aZ09-_/.') },
  { weight: 1, arbitrary: odd },
);
const noise = (most: number) => fc.string({ unit: byte, maxLength: most });

function mostly<T>(usual: readonly T[], other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: other });
}

/** The same one again, for the more usual. */
function many<T>(one: T, count: number): T[] {
  return Array.from({ length: count }, () => one);
}

const method = mostly(
  ['GET', 'GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'CONNECT', 'get', 'M-SEARCH'],
  noise(9),
);
const target = mostly(
  ['/', '/a?b=c', '*', '/%00', '/%', '//a', 'http://a/', 'https://a/', 'http://', '/../', 'a:80', ''],
  noise(40),
);
const version = mostly([...many('HTTP/1.1', 9), 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9.9'], noise(8));
const end = mostly([...many('\r\n', 40), '\n', '\r', '\r\r\n', ''], odd);
const gap = mostly([...many(' ', 20), '  ', '\t', ''], odd);

const name = mostly(
  ['Host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Upgrade', 'Expect', 'Cookie', 'Origin', 'X'],
  noise(12),
);
const value = mostly(
  [
    'a',
    '0',
    '5',
    '+5',
    '5, 5',
    'chunked',
    'gzip, chunked',
    'close',
    'keep-alive',
    'upgrade',
    'h2c',
    'websocket',
    '100-continue',
  ],
  noise(30),
);
const field = fc
  .tuple(name, mostly([...many(': ', 9), ':', ':  ', ' : '], odd), value, end)
  .map((parts) => parts.join(''));

const chunk = fc
  .tuple(
    mostly(['5', '0', '1', 'a', '-1', 'ffffffffffffffff'], noise(6)),
    mostly(['', ';a=b', ';'], noise(9)),
    end,
    noise(12),
    end,
  )
  .map((parts) => parts.join(''));
const body = fc.oneof(
  noise(20),
  fc.array(chunk, { maxLength: 4 }).map((chunks) => `${chunks.join('')}0\r\n\r\n`),
);

/** A request by the grammar of RFC 9112, with a mistake here and there; characters are bytes. */
export const requests: fc.Arbitrary<string> = fc
  .tuple(
    fc.tuple(method, gap, target, gap, version, end).map((parts) => parts.join('')),
    fc.constantFrom(...many('Host: a\r\n', 8), ''),
    fc.array(field, { maxLength: 4 }),
    fc.constantFrom(...many('\r\n', 8), '\n', ''),
    body,
  )
  .map(([line, host, fields, blank, rest]) => line + host + fields.join('') + blank + rest);

/** One of these, with some of its bytes replaced, left out, or said twice. */
export function mutated(originals: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(8),
    by: fc.oneof(noise(4), fc.constant(undefined)),
  });
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(change, { minLength: 1, maxLength: 2 }))
    .map(([original, changes]) =>
      changes.reduce((raw, { at, length, by }) => {
        const start = Math.floor(at * raw.length);
        const found = raw.slice(start, start + length);
        return raw.slice(0, start) + (by ?? found + found) + raw.slice(start + length);
      }, original),
    );
}

/** Sends it, and that there is no more; gives all that comes back until the server closes. */
export function answerTo(port: number, raw: string, patience = 5000): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error('The server neither answered nor closed'));
    }, patience);
    socket.on('data', (data) => chunks.push(data));
    socket.on('end', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
    socket.end(raw, 'latin1');
  });
}

const HEAD =
  /^HTTP\/1\.1 ([1-9]\d\d) [ -~\x80-\xff]*\r\n((?:[!#-'*+\-.^-z|~\w]+: [\t -~\x80-\xff]*\r\n)*)\r\n/;

/** The statuses of responses back to back. @throws Error if that is not what they are. */
export function statusesOf(raw: string): number[] {
  const statuses: number[] = [];
  let rest = raw;
  while (rest !== '') {
    const head = HEAD.exec(rest);
    if (head === null) throw new Error(`This is not a response: ${JSON.stringify(rest.slice(0, 200))}`);
    rest = rest.slice(head[0].length);
    const status = Number(head[1]);
    statuses.push(status);
    // From here on it is a WebSocket's.
    if (status === 101) break;
    if (status >= 200) rest = behindBody(rest, head[2] as string);
  }
  return statuses;
}

function behindBody(rest: string, fields: string): string {
  const length = /^content-length: (\d+)\r$/im.exec(fields)?.[1];
  // To a HEAD request, which has the fields and not the body.
  if (rest === '' || rest.startsWith('HTTP/1.1 ')) return rest;
  if (length !== undefined) {
    if (rest.length < Number(length)) throw new Error('A response is shorter than its Content-Length');
    return rest.slice(Number(length));
  }
  if (/^transfer-encoding: chunked\r$/im.test(fields)) return behindChunks(rest);
  if (!/^connection: close\r$/im.test(fields)) throw new Error('A response has no end');
  return '';
}

function behindChunks(text: string): string {
  for (let rest = text; ; ) {
    const size = /^([0-9a-f]+)\r\n/.exec(rest);
    if (size === null) throw new Error(`This is not a chunk: ${JSON.stringify(rest.slice(0, 50))}`);
    const start = size[0].length;
    const length = Number.parseInt(size[1] as string, 16);
    if (rest.slice(start + length, start + length + 2) !== '\r\n') throw new Error('A chunk does not end');
    rest = rest.slice(start + length + 2);
    if (length === 0) return rest;
  }
}
