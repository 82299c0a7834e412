// Tests of the guestbook: npx mocha --no-config --node-option import=tsx examples/testing/guestbook.spec.ts
import { expect, use } from 'chai';
import { Client } from 'wsgi/testing';
import { wsgiResponses } from 'wsgi/testing/chai';
import { makeGuestbook } from './guestbook.js';

use(wsgiResponses);

describe('the guestbook', () => {
  let client: Client;

  beforeEach(() => {
    client = new Client(makeGuestbook());
  });

  it('is empty at first', async () => {
    const response = await client.get('/');
    expect(response)
      .to.have.status(200)
      .and.header('Content-Type', /^text\/plain/)
      .and.text('');
  });

  it('takes a name, and thanks for it', async () => {
    const response = await client.post('/', { form: { name: 'Zoë' }, followRedirects: true });
    expect(response).to.have.status(200).and.text('Thank you!\nZoë');
    expect(response.history[0]).to.have.status(303).and.redirectTo('/');
    expect(client.cookies.get('signed')).to.include({ value: 'yes', httpOnly: true });
  });

  it('refuses an entry without a name', async () => {
    expect(await client.post('/', { form: { name: '' } })).to.have.status(400);
  });

  it('has its entries as JSON', async () => {
    await client.post('/', { form: { name: 'Ada' } });
    expect(await client.get('/entries.json')).to.have.json(['Ada']);
  });

  it('sends its entries one by one', async () => {
    for (const name of ['Ada', 'Grace']) await client.post('/', { form: { name } });
    const response = await client.get('/all', { stream: true });
    for await (const entry of response) {
      expect(String(entry)).to.equal('Ada\n');
      break;
    }
    await response.close();
  });

  it('takes names over a WebSocket', async () => {
    const socket = await client.websocket('/');
    await socket.send('Ada');
    expect(await socket.receive()).to.equal('1 entries');
    await socket.close();
    expect(await client.get('/entries.json')).to.have.json(['Ada']);
  });

  it('shows an error page to its users', async () => {
    expect(await client.get('/broken'))
      .to.have.status(500)
      .and.text(/Internal Server Error/);
  });
});
