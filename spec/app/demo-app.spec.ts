import { Script } from 'node:vm';
import { expect } from 'chai';
import { makeDemoApp } from '../../lib/app/demo-app.js';
import { DEMO_SCRIPT } from '../../lib/app/demo-page.js';
import { call, environOf } from '../support/call.js';
import { FakeSocket, turn } from './support.js';

describe('makeDemoApp', () => {
  it('serves its page at /', async () => {
    const exchange = await call(makeDemoApp());
    expect(exchange.status).to.equal('200 OK');
    expect(exchange.header('Content-Type')).to.equal('text/html; charset=utf-8');
    for (const id of ['connect', 'close', 'state', 'message', 'send', 'send-binary', 'log']) {
      expect(exchange.text).to.contain(`id="${id}"`);
    }
  });

  it('has a page that loads nothing, and a script that parses and shows text as text', async () => {
    const { text } = await call(makeDemoApp());
    expect(text).to.not.match(/https?:|src=|@import|url\(/);
    expect(() => new Script(DEMO_SCRIPT)).to.not.throw();
    expect(DEMO_SCRIPT).to.not.match(/innerHTML|insertAdjacentHTML|document\.write|<\/script/);
  });

  it('serves the documents that its page links to, and no other files', async () => {
    const app = makeDemoApp();
    const links = [...(await call(app)).text.matchAll(/href="([^"]+)"/g)].map(([, path]) => `/${path}`);
    expect(links).to.deep.equal(['/README.md', '/docs/rooms.md']);
    for (const path of links) {
      const { status, text } = await call(app, environOf({ PATH_INFO: path }));
      expect([status, text.split('\n', 1)[0]]).to.deep.equal([
        '200 OK',
        path === '/README.md' ? '# wsgi' : '# Rooms',
      ]);
    }
    for (const path of [
      '/package.json',
      '/docs/none.md',
      '/docs/../README.md',
      '/lib/../SECURITY.md',
      '/docs/',
    ]) {
      expect((await call(app, environOf({ PATH_INFO: path }))).status, path).to.equal('404 Not Found');
    }
  });

  for (const path of ['/', '/any']) {
    it(`echoes over a WebSocket at ${path}`, async () => {
      const socket = new FakeSocket();
      const done = call(makeDemoApp(), environOf({ PATH_INFO: path, ...socket.environ }));
      socket.arrive('hi');
      await turn();
      expect(socket.sent).to.deep.equal(['you connected', 'you said: hi']);
      socket.arrive(null);
      await done;
    });
  }

  it('answers other paths with 404, the icon with 204, other methods with 405', async () => {
    const app = makeDemoApp();
    expect((await call(app, environOf({ PATH_INFO: '/none' }))).status).to.equal('404 Not Found');
    expect((await call(app, environOf({ PATH_INFO: '/favicon.ico' }))).status).to.equal('204 No Content');
    const post = await call(app, environOf({ REQUEST_METHOD: 'POST' }));
    expect([post.status, post.header('Allow')]).to.deep.equal(['405 Method Not Allowed', 'GET, HEAD']);
    expect((await call(app, environOf({ REQUEST_METHOD: 'HEAD' }))).status).to.equal('200 OK');
  });
});
