/** What `wsgi.input` holds where a body parser of the host came first. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'chai';
import { toNodeHandler } from '../../../../lib/server/adapters/node/node-handler.js';
import { show, shown } from '../../../support/answer.js';
import { captureLog, closeServers, host } from '../../../support/serve.js';

describe('a body that the host of toNodeHandler has read', () => {
  afterEach(closeServers);

  const post = (body: string | Buffer, headers: Record<string, string> = {}) => ({
    method: 'POST',
    body,
    headers,
  });
  /** A host that reads the body, and leaves something of it on the request. */
  const parsed = (field: string, value: (bytes: Buffer) => unknown) => {
    const handler = toNodeHandler(show, { limitRequestBody: 100 });
    return async (message: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk);
      handler(Object.assign(message, { [field]: value(Buffer.concat(chunks)) }), response);
    };
  };

  it('is used where its bytes were kept', async () => {
    const raw = await host(parsed('body', (bytes) => bytes));
    expect((await shown(raw.url, post('\xe9 bytes'))).body).to.equal('\xc3\xa9 bytes');
    const kept = await host(parsed('rawBody', (bytes) => bytes));
    expect((await shown(kept.url, post('{}'))).body).to.equal('{}');
  });

  it('is used where its text was kept as it came', async () => {
    const { url } = await host(parsed('body', String));
    expect((await shown(url, post('\xe9 text'))).body).to.equal('\xc3\xa9 text');
  });

  const LOST: [what: string, field: string, value: (bytes: Buffer) => unknown, RequestInit][] = [
    ['became an object', 'body', (bytes) => JSON.parse(String(bytes)), post('{}')],
    ['was dropped', 'nothing', () => undefined, post('{}')],
    ['was malformed text', 'body', String, post(Buffer.from([0xf0, 0x9f, 0x98]))],
    ['has another length', 'body', (bytes) => bytes.subarray(1), post('abc')],
    ['was decoded', 'body', (bytes) => bytes, post('abc', { 'Content-Encoding': 'gzip' })],
  ];
  for (const [what, field, value, options] of LOST) {
    it(`is refused where it ${what}`, async () => {
      const log = await captureLog(async () => {
        const { url } = await host(parsed(field, value));
        expect((await fetch(url, options)).status).to.equal(500);
      });
      expect(log).to.match(/ApplicationError: The body .* was read before the application got it: mount/);
    });
  }

  it('has the limit of any body', async () => {
    const { url } = await host(parsed('body', (bytes) => bytes));
    expect((await fetch(url, post('x'.repeat(101)))).status).to.equal(413);
  });

  it('does not matter where there was none', async () => {
    const { url } = await host(parsed('body', () => ({})));
    expect((await shown(url)).body).to.equal('');
  });
});
