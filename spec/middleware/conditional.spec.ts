/** lib/middleware/preconditions.ts and byte-range.ts: 304, 412, 206 and 416 (RFC 9110 sections 13 and 14; CONFORMANCE E-152, E-153). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { closeServers } from '../support/serve.js';
import { MODIFIED, SharedSite } from './shared-site.js';

describe('sharedData', () => {
  const site = new SharedSite();
  beforeEach(() => site.create());
  afterEach(async () => {
    await closeServers();
    site.remove();
  });

  describe('conditional requests', () => {
    const etag = async () => (await site.get('/static/a.txt')).header('ETag') as string;

    it('E-153: If-Modified-Since gives 304 without body and entity headers', async () => {
      for (const since of [
        MODIFIED,
        'Sunday, 06-Nov-94 08:49:37 GMT',
        'Sun Nov  6 08:49:37 1994',
        'Tue, 08 Nov 1994 08:49:37 GMT',
      ]) {
        const answer = await site.get('/static/a.txt', { HTTP_IF_MODIFIED_SINCE: since });
        expect([answer.status, answer.text], since).to.deep.equal(['304 Not Modified', '']);
        expect(answer.headers.map(([name]) => name)).to.deep.equal(['ETag', 'Cache-Control']);
      }
      for (const since of ['Sun, 06 Nov 1994 08:49:36 GMT', 'nonsense', '1994-11-07']) {
        const { status } = await site.get('/static/a.txt', { HTTP_IF_MODIFIED_SINCE: since });
        expect(status, since).to.equal('200 OK');
      }
    });

    it('If-None-Match compares weakly, one of a list, and *', async () => {
      const tag = await etag();
      for (const match of [tag, `W/${tag}`, `"x", ${tag}`, '*', `"a,b",W/"",${tag}`]) {
        const { status } = await site.get('/static/a.txt', { HTTP_IF_NONE_MATCH: match });
        expect(status, match).to.equal('304 Not Modified');
      }
      expect((await site.get('/static/a.txt', { HTTP_IF_NONE_MATCH: '"x"' })).status).to.equal('200 OK');
    });

    it('If-None-Match beats If-Modified-Since', async () => {
      const headers = { HTTP_IF_NONE_MATCH: '"x"', HTTP_IF_MODIFIED_SINCE: MODIFIED };
      expect((await site.get('/static/a.txt', headers)).status).to.equal('200 OK');
    });

    it('If-Match and If-Unmodified-Since give 412', async () => {
      const status = async (headers: Record<string, string>) =>
        (await site.get('/static/a.txt', headers)).status;
      const tag = await etag();
      expect(await status({ HTTP_IF_MATCH: '"x"' })).to.equal('412 Precondition Failed');
      expect(await status({ HTTP_IF_MATCH: `W/${tag}` })).to.equal('412 Precondition Failed');
      expect(await status({ HTTP_IF_MATCH: tag })).to.equal('200 OK');
      expect(await status({ HTTP_IF_MATCH: '*' })).to.equal('200 OK');
      expect(await status({ HTTP_IF_MATCH: `"x", ${tag}` })).to.equal('200 OK');
      const old = { HTTP_IF_UNMODIFIED_SINCE: 'Sun, 06 Nov 1994 08:49:36 GMT' };
      expect(await status({ ...old, HTTP_IF_MATCH: tag }), 'If-Match first').to.equal('200 OK');
      expect(await status({ HTTP_IF_UNMODIFIED_SINCE: 'nonsense' })).to.equal('200 OK');
      expect(await status({ HTTP_IF_UNMODIFIED_SINCE: MODIFIED })).to.equal('200 OK');
      expect(await status({ HTTP_IF_UNMODIFIED_SINCE: 'Sun, 06 Nov 1994 08:49:36 GMT' })).to.match(/^412/);
    });

    it('another version has another ETag', async () => {
      const before = await etag();
      writeFileSync(join(site.folder, 'public/a.txt'), '9876543210');
      expect(await etag()).not.to.equal(before);
    });
  });

  describe('ranges', () => {
    const RANGES: [range: string, status: string, contentRange: string | undefined, text: string][] = [
      ['bytes=1-3', '206 Partial Content', 'bytes 1-3/10', '123'],
      ['bytes=7-', '206 Partial Content', 'bytes 7-9/10', '789'],
      ['bytes=-4', '206 Partial Content', 'bytes 6-9/10', '6789'],
      ['bytes=-40', '206 Partial Content', 'bytes 0-9/10', '0123456789'],
      ['bytes=8-99', '206 Partial Content', 'bytes 8-9/10', '89'],
      ['BYTES=0-0', '206 Partial Content', 'bytes 0-0/10', '0'],
      ['bytes=10-', '416 Range Not Satisfiable', 'bytes */10', ''],
      ['bytes=-0', '416 Range Not Satisfiable', 'bytes */10', ''],
      ['bytes=0-1,3-4', '200 OK', undefined, '0123456789'],
      ['bytes=3-1', '200 OK', undefined, '0123456789'],
      ['bytes=-', '200 OK', undefined, '0123456789'],
      ['bytes=0-99999999999999999999', '206 Partial Content', 'bytes 0-9/10', '0123456789'],
      ['bytes=-99999999999999999999', '206 Partial Content', 'bytes 0-9/10', '0123456789'],
      ['bytes=99999999999999999999-', '416 Range Not Satisfiable', 'bytes */10', ''],
      ['bytes=1.5-3', '200 OK', undefined, '0123456789'],
      ['bytes=+1-3', '200 OK', undefined, '0123456789'],
      ['bytes 1-3', '200 OK', undefined, '0123456789'],
      [`bytes=${'0-0,'.repeat(10_000)}1-1`, '200 OK', undefined, '0123456789'],
      [`bytes=${'1'.repeat(60_000)}-`, '416 Range Not Satisfiable', 'bytes */10', ''],
      ['lines=1-3', '200 OK', undefined, '0123456789'],
    ];
    for (const [range, status, contentRange, text] of RANGES) {
      it(`E-152: ${range.slice(0, 40)} gives ${status}`, async () => {
        const answer = await site.get('/static/a.txt', { HTTP_RANGE: range });
        expect([answer.status, answer.text]).to.deep.equal([status, text]);
        expect(answer.header('Content-Range')).to.equal(contentRange);
        expect(answer.header('Content-Length')).to.equal(String(text.length));
      });
    }

    it('only GET has ranges, and a failed precondition comes before them', async () => {
      const headers = { HTTP_RANGE: 'bytes=10-' };
      const head = await site.get('/static/a.txt', { ...headers, REQUEST_METHOD: 'HEAD' });
      expect([head.status, head.header('Content-Length')]).to.deep.equal(['200 OK', '10']);
      const same = await site.get('/static/a.txt', { ...headers, HTTP_IF_NONE_MATCH: '*' });
      expect(same.status).to.equal('304 Not Modified');
      const other = await site.get('/static/a.txt', { ...headers, HTTP_IF_RANGE: '"x"' });
      expect(other.status, 'another version: whole').to.equal('200 OK');
    });

    it('an empty file is sent whole', async () => {
      expect((await site.get('/static/empty.txt', { HTTP_RANGE: 'bytes=0-' })).status).to.equal('200 OK');
    });

    it('If-Range sends the whole of another version', async () => {
      const tag = (await site.get('/static/a.txt')).header('ETag') as string;
      const status = async (ifRange: string) =>
        (await site.get('/static/a.txt', { HTTP_RANGE: 'bytes=1-3', HTTP_IF_RANGE: ifRange })).status?.slice(
          0,
          3,
        );
      expect(await status(tag)).to.equal('206');
      expect(await status(MODIFIED)).to.equal('206');
      expect(await status(`W/${tag}`)).to.equal('200');
      expect(await status('"x"')).to.equal('200');
      expect(await status('Tue, 08 Nov 1994 08:49:37 GMT')).to.equal('200');
      expect(await status('nonsense')).to.equal('200');
    });
  });
});
