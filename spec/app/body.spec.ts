import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { Response } from '../../lib/app/response.js';
import { fileWrapper } from '../../lib/environ/file/file-wrapper.js';
import { sleep } from '../../lib/sleep.js';
import { Exchange, environOf } from '../support/call.js';
import { gate } from '../support/until.js';
import { logged, respond, turn } from './support.js';

describe('toBody', () => {
  async function* later(...parts: unknown[]) {
    for (const part of parts) {
      await turn();
      yield part;
    }
  }
  const mixed = ['Hello ', Buffer.from('World'), '!', 2020];
  const values: [string, () => unknown, string][] = [
    ['a string', () => 'Hello é', 'Hello é'],
    ['an empty string', () => '', ''],
    ['bytes', () => new Uint8Array([104, 105]), 'hi'],
    ['a typed array, by its bytes', () => new Uint16Array([26984]), 'hi'],
    ['a number', () => 3.3, '3.3'],
    ['zero', () => 0, '0'],
    ['a boolean', () => true, 'true'],
    ['null', () => null, ''],
    ['undefined', () => undefined, ''],
    ['a mixed list', () => mixed, 'Hello World!2020'],
    ['a list with null and undefined in it', () => ['a', null, undefined, 'b'], 'ab'],
    ['a Set', () => new Set(mixed), 'Hello World!2020'],
    ['the keys of a Map', () => new Map(mixed.map((part) => [part, null])), 'Hello World!2020'],
    ['the keys of an object', () => ({ 'Hello ': null, 'World!': null }), 'Hello World!'],
    ['the keys of a null object', () => Object.assign(Object.create(null), { a: 1 }), 'a'],
    ['a URL', () => new URL('http://a/'), 'http://a/'],
    ['a plain object with a text of its own', () => ({ a: 1, toString: () => 'text' }), 'text'],
    ['an iterator', () => mixed.values(), 'Hello World!2020'],
    ['an async generator', () => later(...mixed), 'Hello World!2020'],
    ['a promise', () => Promise.resolve('x'), 'x'],
    ['a promise of a list', () => Promise.resolve(['x', 1]), 'x1'],
    ['a promise of an async generator', () => Promise.resolve(later('x', 1)), 'x1'],
    ['a Readable', () => Readable.from(['a', Buffer.from('b')]), 'ab'],
    ['a ReadableStream', () => new Blob(['ab']).stream(), 'ab'],
    ['a ReadableStream of text', () => ReadableStream.from(['a', 'b']), 'ab'],
    ['a Blob', () => new Blob(['ab', 'c']), 'abc'],
    ['text read() gives', () => reader(['a', 'é', '']), 'aé'],
    ['bytes read() gives, ended by null', () => reader([Buffer.from('a'), Buffer.from('b'), null]), 'ab'],
    ['what read() promises', () => reader(['a', 'b', ''].map((part) => Promise.resolve(part))), 'ab'],
  ];
  function reader(blocks: unknown[]) {
    return { read: () => blocks.shift() };
  }
  for (const [what, make, text] of values) {
    it(`sends ${what}`, async () => {
      const exchange = await respond(make);
      expect(exchange.status).to.equal('200 OK');
      expect(exchange.text).to.equal(text);
    });
  }

  it('gives the type of a Blob to the response', async () => {
    const exchange = await respond(() => new Blob(['x'], { type: 'image/png' }));
    expect(exchange.header('Content-Type')).to.equal('image/png');
  });

  const bad: [string, () => unknown][] = [
    ['a function', () => () => 'x'],
    ['a symbol', () => Symbol('x')],
    ['a list with an object', () => [{ a: 1 }]],
    ['a list with a promise', () => [Promise.resolve(1)]],
    ['a generator of lists', () => [['a']].values()],
    ['an instance of a class', () => new (class Thing {})()],
  ];
  for (const [what, make] of bad) {
    it(`answers ${what} with the error page`, async () => {
      let exchange: Exchange | undefined;
      await logged(50, async () => {
        exchange = await respond(make);
      });
      expect(exchange?.status).to.equal('500 Internal Server Error');
      expect(exchange?.errors).to.contain('TypeError');
    });
  }

  it('sends the parts of a generator as they come', async () => {
    const exchange = new Exchange(environOf());
    const steps: string[] = [];
    const body = new Response(exchange.environ, exchange.start_response).run(function* () {
      steps.push('a made');
      yield 'a';
      steps.push('b made');
      yield 'b';
    }) as IterableIterator<Uint8Array>;
    expect(steps).to.deep.equal([]);
    expect(exchange.calls).to.equal(0);
    expect(String(body.next().value)).to.equal('a');
    expect(exchange.calls).to.equal(1);
    expect(steps).to.deep.equal(['a made']);
  });

  it('sends the parts of an async generator as they come, with pauses between', async () => {
    const exchange = new Exchange(environOf());
    const pause = gate();
    const body = new Response(exchange.environ, exchange.start_response).run(async function* () {
      yield 'a';
      await pause.promise;
      yield 'b';
    }) as AsyncIterableIterator<Uint8Array>;
    expect(String((await body.next()).value)).to.equal('a');
    let came = false;
    const next = body.next().finally(() => {
      came = true;
    });
    await sleep(0.02);
    expect(came).to.equal(false);
    pause.open();
    expect(String((await next).value)).to.equal('b');
    expect((await body.next()).done).to.equal(true);
  });

  describe('with files', () => {
    const directory = mkdtempSync(join(tmpdir(), 'wsgi-spec-'));
    const path = join(directory, 'hello.txt');
    before(() => writeFileSync(path, 'Hello file!'));
    after(() => rmSync(directory, { recursive: true }));

    it('gives a FileHandle to wsgi.file_wrapper, and what that returns to the gateway', async () => {
      const handle = await open(path);
      const wrapped: unknown[] = [];
      const exchange = await respond(() => handle, {
        'wsgi.file_wrapper': (file: object) => {
          wrapped.push(file);
          return fileWrapper(file);
        },
      });
      expect(exchange.text).to.equal('Hello file!');
      expect(wrapped).to.deep.equal([handle]);
      expect(handle.fd).to.equal(-1);
    });

    it('has an error page for a FileHandle that is closed, and for a stream that was destroyed', async () => {
      const handle = await open(path);
      await handle.close();
      const stream = createReadStream(path).on('error', () => {});
      stream.destroy();
      await once(stream, 'close');
      for (const given of [handle, fileWrapper(handle), stream, fileWrapper(stream)]) {
        const exchange = await respond(() => given, { 'wsgi.file_wrapper': fileWrapper });
        expect(exchange.status).to.equal('500 Internal Server Error');
        expect(exchange.text).to.match(/^<!doctype html>/);
      }
    });

    it('reads a FileHandle where there is no wrapper', async () => {
      const handle = await open(path);
      expect((await respond(() => handle)).text).to.equal('Hello file!');
    });

    it('hands on the wrapper that a handler made, as it is', async () => {
      const wrapper = fileWrapper({ read: () => null });
      const exchange = await respond(() => wrapper);
      expect(await exchange.returned).to.equal(wrapper);
    });

    it('sends a read stream, as bytes and as text', async () => {
      expect((await respond(() => createReadStream(path))).text).to.equal('Hello file!');
      expect((await respond(() => createReadStream(path, 'utf8'))).text).to.equal('Hello file!');
    });

    it('answers a read stream of no file with the error page', async () => {
      await logged(50, async () => {
        const exchange = await respond(() => createReadStream(join(directory, 'none')));
        expect(exchange.status).to.equal('500 Internal Server Error');
        expect(exchange.text).to.contain('Internal Server Error(500)');
      });
    });
  });
});
