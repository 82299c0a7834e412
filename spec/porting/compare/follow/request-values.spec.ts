/** Values in bodies of requests, whatever their type is said to be. */
import { expect } from 'chai';
import { replaceValues, storedBytes } from '../../../../lib/porting/compare/follow/request-values.js';

/** The body with `old` in place of `new`. */
async function replaced(type: string | undefined, text: string): Promise<string> {
  const fields: [string, string][] = type === undefined ? [] : [['Content-Type', type]];
  const request = { method: 'POST', target: '/', fields, body: storedBytes(Buffer.from(text)) };
  const { body } = await replaceValues(request, (value) => (value === 'old' ? 'n"w' : value));
  const blocks: Buffer[] = [];
  for await (const block of body.read()) blocks.push(block);
  return String(Buffer.concat(blocks));
}

describe('values in a body', () => {
  const form = 'application/x-www-form-urlencoded';
  const bodies: [type: string | undefined, text: string, wanted: string][] = [
    ['application/json', '{"csrf": "old"}', '{"csrf": "n\\"w"}'],
    [form, 'a=1&csrf=old', 'a=1&csrf=n%22w'],
    // As curl sends JSON, as `fetch` sends strings, and without a type.
    [form, '{"csrf": "old"}', '{"csrf": "n\\"w"}'],
    ['text/plain;charset=UTF-8', ' ["old"]', ' ["n\\"w"]'],
    [undefined, '{"csrf": "old"}', '{"csrf": "n\\"w"}'],
    [undefined, 'csrf=old', 'csrf=n%22w'],
    ['text/plain', 'csrf=old', 'csrf=old'],
    ['application/octet-stream', '{"csrf": "old"}', '{"csrf": "old"}'],
  ];
  for (const [type, text, wanted] of bodies) {
    it(`are found in ${text} of ${type}`, async () => {
      expect(await replaced(type, text)).to.equal(wanted);
    });
  }
});
