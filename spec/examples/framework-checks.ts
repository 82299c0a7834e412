/** What the examples with other frameworks do. */
import { expect } from 'chai';
import type { Check } from './example.js';

export const FRAMEWORK_CHECKS: Readonly<Record<string, Check>> = {
  'under-express': {
    does: 'is mounted in Express, its WebSocket too',
    async check(example) {
      expect(await example.text()).to.equal('Hello from Express\n');
      expect(await example.text('/app/hello')).to.equal('Hello from /app\n');
      expect(await example.talk(1, ['hi'], '/app/echo')).to.deep.equal(['hi']);
    },
  },
  'blocking-under-express': {
    does: 'runs an application that blocks in threads of an Express app',
    async check(example) {
      expect(await example.text()).to.equal('Hello from Express\n');
      const answers = await Promise.all([1, 2, 3].map(() => example.text('/app/slow')));
      expect(new Set(answers)).to.deep.equal(new Set(['Hello from /app, thread true\n']));
      const digest = await example.text('/app/digest', { method: 'POST', body: 'abc' });
      expect(digest).to.match(/^ba7816bf/);
    },
  },
  'under-fastify': {
    does: 'is mounted in Fastify, and reads bodies itself',
    async check(example) {
      expect(await example.text()).to.equal('Hello from Fastify\n');
      expect(await example.text('/app/hello')).to.equal('Hello from /app\n');
      const headers = { 'content-type': 'application/json' };
      const upload = { method: 'POST', body: '{}', headers };
      expect(await example.text('/app/upload', upload)).to.equal('Got 2 bytes\n');
    },
  },
  'under-koa': {
    does: 'is mounted in Koa',
    async check(example) {
      expect(await example.text()).to.equal('Hello from Koa\n');
      expect(await example.text('/app/hello')).to.equal('Hello from /app\n');
    },
  },
  'under-hono': {
    does: 'is mounted in Hono',
    async check(example) {
      expect(await example.text()).to.equal('Hello from Hono\n');
      expect(await example.text('/app/hello')).to.equal('Hello from /app\n');
      expect(await example.text('/app/upper', { method: 'POST', body: 'a\nb' })).to.equal('A\nB');
    },
  },
  'express-inside': {
    does: 'dispatches to Express and to a fetch handler',
    async check(example) {
      expect(await example.text()).to.match(/^Hello from WSGI/);
      expect(await example.text('/express')).to.equal('Hello from Express at /express\n');
      const headers = { 'content-type': 'application/json' };
      const sum = await example.fetch('/express/sum', { method: 'POST', body: '[1,2]', headers });
      expect(await sum.json()).to.deep.equal({ sum: 3 });
      expect(await (await example.fetch('/fetch/x')).json()).to.deep.equal({ url: `${example.url}/fetch/x` });
    },
  },
};
