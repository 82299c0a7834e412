/** What the package has, composed, in threads: nothing of it needs an event loop. */
import { expect } from 'chai';
import { scriptOf } from '../../support/source.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';
import { Threads } from './support.js';

const SCRIPT = scriptOf('composed.ts', import.meta.url);

describe('an application of several, between validators, in a thread', () => {
  let threads: Threads;
  before(async () => {
    threads = await Threads.start({}, undefined, SCRIPT);
  });
  afterEach(closeClients);
  after(() => threads.stop());

  it('reads its input', async () => {
    expect(await threads.text('/', { method: 'POST', body: 'abcd\nef\ng' })).to.equal('ab|cd\n|ef\n|g');
  });

  it('reads forms', async () => {
    const body = new FormData();
    body.set('a', 'a field');
    body.set('f', new Blob(['a file']), 'f.txt');
    expect(await threads.text('/form', { method: 'POST', body })).to.equal('a field and a file');
    const encoded = new URLSearchParams({ a: 'b' });
    expect(await threads.text('/form', { method: 'POST', body: encoded })).to.equal('b and undefined');
  });

  it('has routes and error pages', async () => {
    expect(await threads.text('/framework/read', { method: 'POST', body: 'it' })).to.equal('read it');
    expect((await threads.fetch('/framework/none')).status).to.equal(404);
    const head = await threads.fetch('/framework/read', { method: 'HEAD' });
    expect(head.headers.get('content-length')).to.equal('5');
  });

  it('sends files', async () => {
    const answer = await threads.fetch('/files/cgi.md', { headers: { Range: 'bytes=0-4' } });
    expect(answer.status).to.equal(206);
    expect(await answer.text()).to.equal('# CGI');
  });

  it('talks over WebSockets', async () => {
    const client = await WebSocketClient.connect(threads.port, { path: '/events/' });
    expect(await client.next()).to.equal('you connected');
    client.client.send('hi');
    expect(await client.next()).to.equal('you said: hi');
  });
});
