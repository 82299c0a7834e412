/** What clients say over the WebSockets of flask-sock, simple-websocket, gevent-websocket and WSocket, and their pages. */
import type { Visitor } from '../visitor.js';
import { pattern } from './polls.js';

const ORIGIN = { Origin: 'http://chat.example' };

export async function sock(visitor: Visitor): Promise<void> {
  await visitor.get('/');
  await visitor.get('/missing');
  await visitor.get('/echo');
  await visitor.talk('/echo', ['one', null, 'zwei ü €', null, '', null, 'x'.repeat(70_000), null]);
  await visitor.talk('/echo', [pattern(10), null, pattern(65_536), null]);
  await visitor.talk('/reverse/2', ['abc', null, 'ü€', null]);
  await visitor.talk('/reverse/0', []);
  await visitor.talk('/greet?name=Zo%C3%AB', [null, null], ORIGIN);
  await visitor.talk('/greet?name=ann', [null, null], {
    ...ORIGIN,
    'Sec-WebSocket-Protocol': 'other, superchat',
  });
  await visitor.talk('/closes', ['go']);
  await visitor.talk('/echo', ['x'.repeat(150_000)]);
  await visitor.talk('/patient', ['now', null]);
  await visitor.talk('/notes', ['a', null, 'b', null]);
  await visitor.get('/ended');
  await visitor.talk('/nowhere', ['x']);
  await visitor.talk('/echo', ['{"number": 1}', null, '[1, "ü"]', null]);
  await pages(visitor, 7);
}

export async function simple(visitor: Visitor): Promise<void> {
  await visitor.get('/');
  await visitor.talk('/', ['hello', null, 'ü', null]);
  await visitor.talk('/', ['hello', null], { 'Sec-WebSocket-Protocol': 'v1, v2' });
  await visitor.talk('/', [pattern(300), null, 'text', null]);
  await visitor.talk('/last', ['hello', null], { 'Sec-WebSocket-Protocol': 'v2, v3' });
  await visitor.talk('/', ['bye']);
  await visitor.talk('/other', ['a', null, 'bye'], ORIGIN);
  await pages(visitor, 15);
}

export async function gevent(visitor: Visitor): Promise<void> {
  visitor.closeCode = 1005;
  await visitor.get('/low');
  await visitor.talk('/low/a', ['hello', null, 'ü', null], ORIGIN);
  await visitor.talk('/echo', [null, 'one', null, 'x'.repeat(70_000), null]);
  await visitor.talk('/fixed', ['go', null, null]);
  await visitor.get('/anything');
  await visitor.talk('/echo/x', [null, '{"a": 1}', null, 'ü €', null]);
  await visitor.talk('/echo/x', [null, pattern(300), null]);
  await pages(visitor, 14);
}

export async function wsocket(visitor: Visitor): Promise<void> {
  await visitor.get('/routes/');
  await visitor.get('/routes/mixed');
  await visitor.get('/routes/file');
  await visitor.get('/routes/short');
  await visitor.get('/plain?wrapped');
  await visitor.talk('/routes/', ['hi', null, null, 'ü', null, null]);
  await visitor.talk('/events', [null, 'hello', null, 'ü', null]);
  await visitor.talk('/events', [null, 'hello', null], { 'Sec-WebSocket-Protocol': 'chat' });
  await visitor.talk('/routes/', ['one', null, null, 'x'.repeat(70_000), null, null]);
  await pages(visitor, 12);
}

/** Between WebSockets, and after them, pages are answered as before. */
async function pages(visitor: Visitor, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    await visitor.get(`/low/page?number=${number}`);
  }
}
