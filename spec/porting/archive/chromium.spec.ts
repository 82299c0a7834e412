/**
 * Real exports of Chromium 156, made by the HAR writer of its own DevTools on a small site: `chromium-http1.har` as the button
 * exports it (without cookies and credentials), `chromium-http2.har` with sensitive data, from a site of HTTP/2.
 */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { readExchanges } from '../../../lib/porting/archive/read.js';
import type { Exchange } from '../../../lib/porting/exchange.js';
import { bytesOf, valueIn } from './exchanges.js';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}.har`, import.meta.url));

for (const name of ['chromium-http1', 'chromium-http2']) {
  describe(`an archive exported from Chromium (${name})`, () => {
    const skipped: string[] = [];
    const exchanges: Exchange[] = [];

    before(async () => {
      for await (const one of readExchanges(fixture(name), {
        onskip: (sentence) => skipped.push(sentence),
      })) {
        exchanges.push(one);
      }
    });

    const find = (target: string, method = 'GET', nth = 0) => {
      const found = exchanges.filter(({ request }) => request.target === target && request.method === method)[
        nth
      ];
      if (found?.answer === undefined) throw new Error(`there is no ${method} ${target}`);
      return { ...found, answer: found.answer };
    };

    it('has the requests of the site, in their order, with the targets as they were sent', () => {
      expect(exchanges.map(({ request }) => `${request.method} ${request.target}`)).to.deep.equal([
        'GET /',
        'GET /dot.png',
        'GET /favicon.ico',
        'POST /login?next=%2Fcaf%C3%A9',
        'GET /caf%C3%A9',
        'PUT /api',
        'POST /api',
        'POST /api',
        'GET /empty',
        'GET /chat?room=1',
      ]);
    });

    it('leaves out what went to other origins, and says so', () => {
      expect(skipped).to.have.length(2);
      expect(skipped[0]).to.match(/^entry 10 is left out: it went to https?:\/\/\S+, not to https?:\/\//);
    });

    it('has no pseudo headers, and a Host', () => {
      for (const { request } of exchanges) {
        expect(request.fields.filter(([field]) => field.startsWith(':'))).to.deep.equal([]);
        expect(valueIn(request.fields, 'host')).to.match(/^(127\.0\.0\.1|localhost):8795$/);
      }
    });

    it('knows that a body was decoded: its coding and its length are left out', async () => {
      const { answer } = find('/caf%C3%A9');
      expect(valueIn(answer.fields, 'content-encoding')).to.equal(undefined);
      expect(valueIn(answer.fields, 'content-length')).to.equal(undefined);
      expect(valueIn(answer.fields, 'content-type')).to.equal('text/html; charset=iso-8859-1');
    });

    it('turns text into the bytes of its charset again', async () => {
      const bytes = await bytesOf(find('/caf%C3%A9').answer.body);
      expect(bytes.toString('latin1')).to.equal('<!doctype html><title>Café</title><h1>Café</h1>');
    });

    it('knows that a body is missing which Chromium no longer had', () => {
      expect(find('/').answer.body).to.include({ missing: true, size: 0 });
      expect(find('/favicon.ico').answer.body).to.include({ missing: false, size: 0 });
      expect(find('/empty').answer.body).to.include({ missing: false, size: 0 });
      expect(find('/login?next=%2Fcaf%C3%A9', 'POST').answer.body).to.include({ missing: false, size: 0 });
    });

    it('has binary answers and repeated headers', async () => {
      expect((await bytesOf(find('/dot.png').answer.body)).subarray(1, 4).toString()).to.equal('PNG');
      const repeated = find('/').answer.fields.filter(([field]) => field.toLowerCase() === 'x-repeated');
      expect(repeated.map(([, value]) => value)).to.deep.equal(['a', 'b']);
    });

    it('has forms and JSON as they were sent', async () => {
      const form = await bytesOf(find('/login?next=%2Fcaf%C3%A9', 'POST').request.body);
      expect(form.toString()).to.equal('user=anna&password=hunter2');
      expect((await bytesOf(find('/api', 'POST').request.body)).toString()).to.equal('{"a":"ü"}');
    });

    it('recovers a binary request body that Chromium shows as Latin-1', async () => {
      expect([...(await bytesOf(find('/api', 'PUT').request.body))]).to.deep.equal([0, 1, 254, 255]);
    });

    it('says that an upload is missing where Chromium has lost bytes of it', () => {
      expect(find('/api', 'POST', 1).request.body.missing).to.equal(true);
    });

    it('has the WebSocket conversation', () => {
      const { conversation, answer } = find('/chat?room=1');
      expect(answer.status).to.equal(101);
      expect(conversation?.messages.map(({ from, data }) => [from, data])).to.deep.equal([
        ['client', 'héllo'],
        ['client', Buffer.from([1, 2, 255])],
        ['server', 'héllo'],
        ['server', Buffer.from([1, 2, 255])],
      ]);
      const times = (conversation?.messages ?? []).map(({ time }) => time);
      for (const time of times) expect(time).to.be.within(0, 1000);
      expect(conversation?.closeCode).to.equal(0);
    });

    const isSecond = name === 'chromium-http2';
    it(isSecond ? 'has the cookies' : 'has no cookies: Chromium removes them', () => {
      const cookie = valueIn(find('/caf%C3%A9').request.fields, 'cookie');
      expect(cookie).to.equal(isSecond ? 'session=4f0c2a9be1d34c7f; lang=de' : undefined);
    });

    it('has version, reason and times', () => {
      const { answer, started } = find('/caf%C3%A9');
      expect(answer).to.include({ version: isSecond ? '2' : '1.1', reason: isSecond ? '' : 'OK' });
      expect(answer.times?.head).to.be.greaterThan(0);
      expect(answer.times?.last).to.be.at.least(answer.times?.head ?? 0);
      expect(started).to.be.instanceOf(Date);
    });
  });
}
