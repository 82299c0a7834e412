/** What a client names its headers: no key of environ is forged, and no prototype is touched. */
import { expect } from 'chai';
import { parseForm } from '../../lib/environ/form/form.js';
import type { Environ } from '../../lib/environ/types.js';
import type { Server } from '../../lib/server/server.js';
import { answerTo, statusesOf } from '../support/fuzz.js';
import { closeServers, serveApp } from '../support/serve.js';

const OWN = [
  'REQUEST_METHOD',
  'SCRIPT_NAME',
  'PATH_INFO',
  'QUERY_STRING',
  'SERVER_NAME',
  'SERVER_PORT',
  'SERVER_PROTOCOL',
  'SERVER_SOFTWARE',
  'GATEWAY_INTERFACE',
  'REMOTE_ADDR',
  'REMOTE_PORT',
  'REMOTE_USER',
  'AUTH_TYPE',
  'REQUEST_URI',
  'RAW_URI',
  'HTTPS',
  'wsgi.url_scheme',
  'wsgi.input',
  'wsgi.errors',
  'wsgi.websocket',
  'node.abort_signal',
];

/** Names that collide with a dashed one, or with what JavaScript finds in an object. */
const UNDERSCORED = [
  'X_Forwarded_For',
  'Content_Length',
  'Content_Type',
  'Transfer_Encoding',
  '__proto__',
  '_',
];
const HARMLESS = ['constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf', 'then', 'toJSON'];

describe('environ, in the hands of a client,', () => {
  let server: Server;
  let environ: Environ | undefined;

  before(async () => {
    server = await serveApp(async (given, start_response) => {
      environ = given;
      await given['wsgi.input'].read();
      start_response('200 OK', []);
      return [];
    });
  });

  beforeEach(() => {
    environ = undefined;
  });

  after(closeServers);

  async function ask(headers: readonly string[], target = '/'): Promise<Environ> {
    const lines = headers.map((line) => `${line}\r\n`).join('');
    const raw = await answerTo(server.serverPort, `GET ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
    expect(statusesOf(raw)).to.deep.equal([200]);
    if (environ === undefined) throw new Error('the application was not called');
    return environ;
  }

  it('keeps its own keys, whatever headers are called', async () => {
    const plain = await ask([]);
    const wanted = OWN.map((key) => [key, key in plain, typeof Reflect.get(plain, key)]);
    const forged = await ask(OWN.flatMap((key) => [`${key}: forged`, `${key.replaceAll('_', '-')}: forged`]));
    expect(OWN.map((key) => [key, key in forged, typeof Reflect.get(forged, key)])).to.deep.equal(wanted);
    for (const key of OWN) expect(Reflect.get(forged, key), key).not.to.equal('forged');
  });

  it('has no header whose name has an underscore', async () => {
    const seen = await ask([...UNDERSCORED.map((name) => `${name}: 5`), 'X-Forwarded-For: 192.0.2.1']);
    expect(Object.keys(seen).filter((key) => key.startsWith('HTTP_'))).to.deep.equal([
      'HTTP_HOST',
      'HTTP_X_FORWARDED_FOR',
    ]);
    expect(seen).to.include({ HTTP_X_FORWARDED_FOR: '192.0.2.1' });
    expect('CONTENT_LENGTH' in seen || 'CONTENT_TYPE' in seen).to.equal(false);
  });

  it('has no HTTP_PROXY', async () => {
    for (const name of ['Proxy', 'PROXY', 'pRoXy']) {
      expect('HTTP_PROXY' in (await ask([`${name}: http://evil/`])), name).to.equal(false);
    }
  });

  it('has no address, scheme or name that a client claims', async () => {
    const claims = [
      'X-Forwarded-For: 192.0.2.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil',
      'Forwarded: for=192.0.2.1',
    ];
    const seen = await ask([...claims, 'X-Real-IP: 192.0.2.1', 'X-Forwarded-Prefix: /evil']);
    expect(seen).to.include({
      REMOTE_ADDR: '127.0.0.1',
      'wsgi.url_scheme': 'http',
      SERVER_NAME: '127.0.0.1',
      SCRIPT_NAME: '',
      HTTP_HOST: 'a',
    });
  });

  it('holds the names that objects have as it holds any other', async () => {
    const seen = await ask(HARMLESS.map((name) => `${name}: forged`));
    for (const name of HARMLESS) {
      expect(seen[`HTTP_${name.toUpperCase()}`]).to.equal('forged');
      expect(name in seen, name).to.equal(false);
    }
  });

  it('leaves the prototypes alone, whatever comes twice, in a query or in a path', async () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    await ask([
      '__proto__: a',
      '__proto__: b',
      'constructor: a',
      'constructor: b',
      'Cookie: __proto__=a',
      'Cookie: x=y',
    ]);
    await ask([], '/__proto__/polluted?__proto__[polluted]=1&constructor.prototype.polluted=1');
    expect(Object.getOwnPropertyNames(Object.prototype)).to.deep.equal(before);
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
    expect(Object.getPrototypeOf(Object.getPrototypeOf(environ))).to.equal(null);
  });

  it('has forms whose fields may be called anything', async () => {
    const names = ['__proto__', 'constructor', 'toString', '__proto__[polluted]'];
    const text = names.map((name) => `${encodeURIComponent(name)}=1`).join('&');
    let blocks = [Buffer.from(text), Buffer.alloc(0)];
    const read = async () => {
      const [block = Buffer.alloc(0), ...rest] = blocks;
      blocks = rest;
      return block;
    };
    const form = await parseForm({
      CONTENT_TYPE: 'application/x-www-form-urlencoded',
      'wsgi.input': { read } as unknown as Environ['wsgi.input'],
    });
    expect([...form.fields.keys()]).to.deep.equal(names);
    expect(form.fields.get('valueOf')).to.equal(undefined);
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });
});
