/** What clients do at the sites in Bottle, Pyramid, Falcon, CherryPy, web.py and Dash. */
import type { Visitor } from '../visitor.js';
import { pattern } from './polls.js';

const ANN = { Authorization: `Basic ${btoa('ann:sesame')}` };
const FILE = { name: 'file', filename: 'a b.txt', type: 'text/plain', data: 'some text, Zoë' };
const LARGE = {
  name: 'file',
  filename: 'large.bin',
  type: 'application/octet-stream',
  data: pattern(150_000),
};

export async function bottle(visitor: Visitor): Promise<void> {
  await visitor.get('/');
  await visitor.get('/hello/Zo%C3%AB?q=%3Cb%3E');
  await visitor.get('/hello/a%2Fb');
  await visitor.get('/number/21');
  await visitor.get('/number/x');
  await visitor.get('/items/pen');
  await visitor.json('PUT', '/items/pen', { colour: 'blau' });
  await visitor.json('PUT', '/items/pen', [1, 2.5, null, 'ü']);
  await visitor.get('/items/pen');
  await visitor.send('PUT', '/items/ink', { 'Content-Type': 'application/json' }, '{"broken');
  await visitor.send('DELETE', '/items/pen');
  await visitor.send('OPTIONS', '/items/pen');
  await visitor.form('/form', { a: '1', b: 'ü & ä' });
  await visitor.upload('/upload', [FILE, { name: 'note', data: 'ein Gruß' }]);
  await visitor.upload('/upload', [LARGE]);
  await visitor.send('POST', '/raw', { 'Content-Type': 'application/octet-stream' }, pattern(300_000));
  await visitor.send('POST', '/raw?chunked', { 'Transfer-Encoding': 'chunked' });
  await visitor.send('POST', '/raw', {}, '');
  for (let visit = 0; visit < 3; visit++) await visitor.get('/cookies');
  await visitor.get('/forget');
  await visitor.get('/cookies');
  const text = await visitor.get('/files/text.txt');
  await visitor.get('/files/text.txt', { 'If-None-Match': text.header('ETag') });
  await visitor.get('/files/text.txt', { Range: 'bytes=-20' });
  await visitor.get('/files/text.txt', { Range: 'bytes=999999-' });
  await visitor.get('/files/picture.bin?download=mine.bin');
  await visitor.get('/files/..%2fbottle_site.py');
  await visitor.send('HEAD', '/files/page.html');
  await visitor.get('/lines');
  await visitor.get('/environ', { 'X-A': 'one' });
  await visitor.send('HEAD', '/environ');
  await visitor.get('/url?a=1&a=2;c');
  await visitor.get('/auth');
  await visitor.get('/auth', ANN);
  await visitor.get('/fails');
  await visitor.get('/stops');
  await visitor.get('/nothing');
  await visitor.get('/inner/where');
  await visitor.get('/inner/missing');
  await visitor.get('/missing');
  await visitor.send('POST', '/hello/x', {}, 'not allowed');
}

export async function pyramid(visitor: Visitor): Promise<void> {
  const home = await visitor.get('/');
  const token = home.input('csrf_token');
  await visitor.form('/say', { text: 'without a token' });
  await visitor.form('/say', { csrf_token: token, text: 'hello, Zoë' });
  await visitor.get('/');
  await visitor.get('/');
  await visitor.form('/say', { csrf_token: token, text: 'again' });
  await visitor.get('/said?tick=1&tick=2');
  await visitor.get('/people/Zo%C3%AB/', { Accept: 'application/json' });
  await visitor.get('/people/ann');
  await visitor.get('/rest/a/b%20c/d');
  await visitor.json('PUT', '/rest/x', { deep: [1, { two: 'zwei' }] });
  await visitor.send('PATCH', '/rest/x', {}, 'x');
  await visitor.upload('/upload', [FILE, { name: 'note', data: 'ein Gruß' }]);
  await visitor.upload('/upload', [LARGE, { name: 'note', data: '' }]);
  await visitor.get('/file');
  await visitor.send('HEAD', '/file');
  await visitor.get('/file', { Range: 'bytes=0-9' });
  await visitor.get('/conditional');
  await visitor.get('/conditional', { 'If-None-Match': '"same"' });
  await visitor.get('/conditional', { Range: 'bytes=4-7' });
  await visitor.get('/stream');
  await visitor.get('/gzip');
  await visitor.get('/secret');
  await visitor.get('/fails');
  await visitor.get('/missing');
  const still = await visitor.get('/static/page.html');
  await visitor.get('/static/page.html', { 'If-Modified-Since': still.header('Last-Modified') });
  await visitor.get('/static/picture.bin');
  await visitor.get('/static/');
  await visitor.get('/static/..%2fsites.py');
  await visitor.get('/', { Cookie: 'session=forged' });
}

export async function falcon(visitor: Visitor): Promise<void> {
  await visitor.get('/things');
  await visitor.json('POST', '/things', { name: 'Stift', price: 1.5 });
  await visitor.json('POST', '/things', { name: 'ü', tags: ['a', null] });
  await visitor.send('POST', '/things', { 'Content-Type': 'application/json' }, '{broken');
  await visitor.send('POST', '/things', { 'Content-Type': 'text/csv' }, 'a,b');
  await visitor.get('/things?limit=5');
  await visitor.get('/things?limit=500');
  await visitor.get('/things/1');
  await visitor.get('/things/9', { Accept: 'application/xml' });
  await visitor.get('/things/nine');
  await visitor.json('PATCH', '/things/1', { price: 2 });
  await visitor.send('DELETE', '/things/1');
  await visitor.get('/things/');
  await visitor.upload('/uploads', [FILE, LARGE, { name: 'note', data: 'ein Gruß' }]);
  await visitor.send(
    'POST',
    '/uploads',
    { 'Content-Type': 'multipart/form-data; boundary=x' },
    '--x\r\nbroken',
  );
  await visitor.get('/streams');
  await visitor.send('POST', '/streams', {}, pattern(250_000));
  await visitor.get('/file');
  await visitor.send('HEAD', '/file');
  await visitor.get('/cookies');
  await visitor.get('/cookies');
  await visitor.send('DELETE', '/cookies');
  await visitor.get('/cookies');
  await visitor.get('/cached');
  await visitor.get('/cached', { 'If-None-Match': 'W/"abc"' });
  await visitor.get('/told?a=1&a=2&b=%C3%BC', { Range: 'bytes=0-10', 'X-Header': 'one, two' });
  await visitor.send('PUT', '/told', { Accept: 'text/html' }, '');
  await visitor.send('OPTIONS', '/told', {
    Origin: 'http://other.example',
    'Access-Control-Request-Method': 'PUT',
  });
  await visitor.send('TRACE', '/told');
  await visitor.get('/fails');
  await visitor.get('/pairs/5f0c4f3e-8f0b-4a53-9c0a-1d9a3c1f7b10');
  await visitor.get('/pairs/none');
  await visitor.get('/static/text.txt');
  await visitor.get('/static/text.txt', { Range: 'bytes=5-14' });
  await visitor.get('/static/none');
  await visitor.send('REPORT', '/sink/a/b');
  await visitor.send('PURGE', '/sink/x');
  await visitor.get('/missing');
}

export async function cherrypy(visitor: Visitor): Promise<void> {
  await visitor.get('/');
  await visitor.get('/hello');
  await visitor.get('/hello?name=Zo%C3%AB&x=1');
  await visitor.form('/hello', { name: 'Zoë', more: 'ä&b' });
  await visitor.get('/hello/');
  for (let visit = 0; visit < 3; visit++) await visitor.get('/count');
  await visitor.get('/forget');
  await visitor.get('/count');
  await visitor.json('POST', '/sums', { numbers: [1, 2, 3.5] });
  await visitor.send('POST', '/sums', { 'Content-Type': 'application/json' }, '{broken');
  await visitor.send('POST', '/sums', { 'Content-Type': 'text/plain' }, '{}');
  await visitor.upload('/upload', [FILE, { name: 'note', data: 'ein Gruss' }]);
  await visitor.upload('/upload', [LARGE]);
  await visitor.get('/long', { 'Accept-Encoding': 'gzip' });
  await visitor.get('/long');
  const tagged = await visitor.get('/tagged');
  await visitor.get('/tagged', { 'If-None-Match': tagged.header('ETag') });
  await visitor.get('/tagged', { 'If-Match': '"other"' });
  await visitor.get('/download');
  await visitor.get('/download', { Range: 'bytes=0-9,20-29' });
  await visitor.get('/download', { Range: 'bytes=100-' });
  await visitor.send('HEAD', '/download');
  await visitor.get('/stream');
  await visitor.get('/moved');
  await visitor.get('/refused');
  await visitor.get('/fails');
  await visitor.get('/rest/a/b%2Fc?d=1');
  await visitor.send('PUT', '/rest/x', { 'Content-Type': 'text/plain' }, 'a body');
  await visitor.send('DELETE', '/rest');
  await visitor.get('/private');
  await visitor.get('/private', ANN);
  await visitor.get('/posts');
  await visitor.form('/posts', {});
  const still = await visitor.get('/static/text.txt');
  await visitor.get('/static/text.txt', { 'If-Modified-Since': still.header('Last-Modified') });
  await visitor.get('/static/none.txt');
  await visitor.get('/missing');
}

export async function webpy(visitor: Visitor): Promise<void> {
  await visitor.get('/');
  await visitor.send('HEAD', '/');
  await visitor.get('/hello/');
  await visitor.get('/hello/Zo%C3%AB');
  await visitor.get('/form');
  await visitor.form('/form', { text: 'ü & ä' });
  await visitor.send(
    'POST',
    '/form',
    { 'Content-Type': 'application/x-www-form-urlencoded' },
    'text=a&many=1&many=2',
  );
  await visitor.upload('/upload', [FILE]);
  await visitor.upload('/upload', [LARGE]);
  for (let visit = 0; visit < 3; visit++) await visitor.get('/count');
  await visitor.send('DELETE', '/count');
  await visitor.get('/count');
  await visitor.get('/cookie');
  await visitor.get('/cookie');
  await visitor.get('/moved');
  await visitor.get('/stream');
  await visitor.get('/refused');
  await visitor.get('/fails');
  await visitor.get('/told?a=1&b=%20');
  await visitor.send('PUT', '/told', { 'Content-Type': 'text/plain' }, 'a body');
  await visitor.send('POST', '/', {}, 'x');
  await visitor.get('/missing');
}

export async function dash(visitor: Visitor): Promise<void> {
  const page = await visitor.get('/');
  const assets = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
  for (const path of assets.filter((one) => !/plotly/.test(one))) await visitor.get(path);
  const script = assets.find((path) => path.endsWith('.js')) ?? '/';
  const first = await visitor.get(script, { 'Accept-Encoding': 'gzip' });
  await visitor.get(script, { 'If-None-Match': first.header('ETag') });
  await visitor.get('/_dash-layout');
  await visitor.get('/_dash-dependencies');
  await visitor.get('/_reload-hash');
  const update = (output: string, inputs: object[], state: object[], changed: string[]) => {
    const [id = '', property = ''] = output.split('.');
    return visitor.json('POST', '/_dash-update-component', {
      output,
      outputs: { id, property },
      inputs,
      changedPropIds: changed,
      ...(state.length > 0 ? { state } : {}),
    });
  };
  const text = (value: unknown) => ({ id: 'text', property: 'value', value });
  const clicks = (value: number) => ({ id: 'go', property: 'n_clicks', value });
  await update('out.children', [text('first')], [], []);
  for (const value of ['Zoë', '<b>"quoted"</b>', null, 5]) {
    await update('out.children', [text(value)], [], ['text.value']);
  }
  for (const value of [0, 5, 20]) {
    await update('graph.figure', [{ id: 'slider', property: 'value', value }], [], ['slider.value']);
  }
  for (const count of [1, 2, 3]) {
    await update('told.children', [clicks(count)], [text('hi')], ['go.n_clicks']);
  }
  await update('nothing.children', [text('x')], [], ['text.value']);
  await visitor.send('POST', '/_dash-update-component', { 'Content-Type': 'application/json' }, '{broken');
  await visitor.get('/assets/text.txt');
  await visitor.get('/assets/none.css');
  await visitor.get('/_favicon.ico');
  await visitor.get('/any/other/path');
}
