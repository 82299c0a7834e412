/** Fields of a form whose files are larger than what is held in memory. */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { replaceSmallParts } from '../../../../lib/porting/compare/follow/large-form.js';
import { replaceInLargeForm } from '../../../../lib/porting/compare/follow/request-values.js';
import type { StoredBody } from '../../../../lib/porting/exchange.js';

const FIELDS: [string, string][] = [['Content-Type', 'multipart/form-data; boundary=XX']];

/** In blocks of that size. */
function inBlocks(bytes: Buffer, size: number): StoredBody {
  return {
    size: bytes.length,
    cut: false,
    async *read() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    },
  };
}

async function wholeOf(body: StoredBody): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for await (const block of body.read()) blocks.push(block);
  return Buffer.concat(blocks);
}

function form(token: string, file: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`--XX\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n${token}\r\n`),
    Buffer.from('--XX\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'),
    file,
    Buffer.from(`\r\n--XX\r\nContent-Disposition: form-data; name="again"\r\n\r\n${token}\r\n--XX--\r\n`),
  ]);
}

describe('a large form', () => {
  it('has its fields replaced before and after its files, wherever the blocks begin', async () => {
    const file = Buffer.concat([randomBytes(90_000), Buffer.from('old-token'), randomBytes(90_000)]);
    const body = form('old-token', file);
    const wanted = form('a-longer-token', file);
    for (const size of [body.length, 65_536, 4099, 61]) {
      const names: string[] = [];
      const made = await replaceInLargeForm(inBlocks(body, size), FIELDS, (value, name) => {
        names.push(name);
        return value === 'old-token' ? 'a-longer-token' : value;
      });
      expect(names).to.deep.equal(['csrf', 'again']);
      expect(made.size).to.equal(wanted.length);
      // It can be read as often as it is sent.
      for (const _ of [1, 2])
        expect((await wholeOf(made)).equals(wanted), `blocks of ${size}`).to.equal(true);
    }
  });

  it('is the same body if nothing is replaced', async () => {
    const body = inBlocks(form('token', Buffer.alloc(100_000)), 4096);
    expect(await replaceInLargeForm(body, FIELDS, (value) => value)).to.equal(body);
    expect(await replaceInLargeForm(body, [], () => 'x')).to.equal(body);
  });

  it('holds no part in memory that is long', async () => {
    const parts: number[] = [];
    await replaceSmallParts(inBlocks(form('token', Buffer.alloc(3_000_000)), 4096), 'XX', (part) => {
      parts.push(part.length);
      return part;
    });
    expect(Math.max(...parts)).to.be.below(200);
  });
});
