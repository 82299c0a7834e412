/** What varies by itself, what was recorded otherwise, and what cannot be told. */
import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import type { Application, Environ } from '../../../lib/environ/types.js';
import { exitCodeOf } from '../../../lib/porting/compare/comparison.js';
import type { Target } from '../../../lib/porting/compare/target/target.js';
import { Ignore } from '../../../lib/porting/diff/ignore.js';
import { type Asked, compared, recorded, served } from '../../support/replay.js';

type Handler = (environ: Environ) => { status?: string; headers?: [string, string][]; body: string | Buffer };

const site =
  (handle: Handler): Application =>
  (environ: Environ, start_response) => {
    const { status = '200 OK', headers = [['Content-Type', 'application/json']], body } = handle(environ);
    start_response(status, headers);
    return [Buffer.from(body)];
  };

const JSON_TYPE: [string, string][] = [['Content-Type', 'application/json']];
const TEXT_TYPE: [string, string][] = [['Content-Type', 'text/plain']];
const random = () => randomBytes(6).toString('hex');
const LIST: readonly Asked[] = [{ target: '/' }];

/** A target that answers each connection with these bytes, and closes it. */
function wired(make: () => string): Target {
  return {
    name: 'server {port}',
    fresh: true,
    async start() {
      const bytes = make();
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end(bytes));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return {
        url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
        fault: () => undefined,
        stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
      };
    },
  };
}

/** One request, against two sides. */
async function both(original: Handler, candidate: Handler, asked: readonly Asked[] = LIST) {
  return compared(await recorded(site(original), asked), {
    original: served(() => site(original)),
    candidate: served(() => site(candidate)),
  });
}

describe('compare, with noise', function () {
  this.timeout(60_000);

  it('leaves out what the original does otherwise each time, and says what that was', async () => {
    const handle: Handler = () => ({ body: JSON.stringify({ at: random(), name: 'pen' }) });
    const { counts, results } = await both(handle, handle);
    expect(counts).to.deep.equal({ equal: 1, different: 0, drift: 0, skipped: 0, noise: 1 });
    expect(results[0]?.noise.map(({ where }) => where)).to.deep.equal(['/at']);
  });

  it('still finds a difference beside it', async () => {
    const make = (name: string) => () => ({ body: JSON.stringify({ at: random(), name }) });
    expect((await both(make('pen'), make('pencil'))).differences).to.deep.equal(['body /name']);
  });

  const broken: [what: string, value: unknown][] = [
    ['is missing', undefined],
    ['is null', null],
    ['is empty', ''],
    ['is "undefined"', 'undefined'],
    ['has another type', 12],
  ];
  for (const [what, value] of broken) {
    it(`takes no value for noise that ${what}`, async () => {
      const original = () => ({ body: JSON.stringify({ token: random() }) });
      const { differences } = await both(original, () => ({ body: JSON.stringify({ token: value }) }));
      expect(differences).to.deep.equal(['body /token']);
    });
  }

  it('finds random bytes, texts, headers, statuses and lists of any length equal to themselves', async () => {
    let asked = 0;
    const size = () => 3 + (asked++ % 4) * 2;
    const handle: Handler = ({ PATH_INFO }) => {
      if (PATH_INFO === '/bytes') {
        return { headers: [['Content-Type', 'application/octet-stream']], body: randomBytes(64 + size()) };
      }
      if (PATH_INFO === '/text') {
        return { headers: TEXT_TYPE, body: `${random()}\nsame\n${random()} of ${random()}\n` };
      }
      if (PATH_INFO === '/header') return { headers: [...TEXT_TYPE, ['X-Request-Id', random()]], body: 'ok' };
      return { body: JSON.stringify({ list: Array.from({ length: size() }, () => ({ id: random() })) }) };
    };
    const targets = ['/bytes', '/text', '/header', '/list'].map((target) => ({ target }));
    const { differences, counts } = await both(handle, handle, targets);
    expect(differences).to.deep.equal([]);
    expect(counts.drift).to.equal(0);
  });

  it('leaves out text of a page that varies, whatever it begins with', async () => {
    let asked = 0;
    const page = (token: string) => `<form><input value="${token}"></form><p>${token}</p>`;
    const handle = () => ({
      headers: [['Content-Type', 'text/html']] as [string, string][],
      body: page(['aB3dE5gH7j', 'bB3dE5gH7j', 'cB3dE5gH7j', 'dB3dE5gH7j'][asked++ % 4] ?? ''),
    });
    const { differences, counts } = await both(handle, handle);
    expect(differences).to.deep.equal([]);
    expect(counts.drift).to.equal(0);
  });

  /** Recorded and asked first as it should be, and in another state the second time: its database was not put back. */
  const changing = (first: string, later: string) => {
    let asked = 0;
    return () => ({ status: asked++ < 2 ? first : later, headers: TEXT_TYPE, body: 'text' });
  };

  it('takes a status for noise only if the original has given it', async () => {
    const original = changing('201 Created', '409 Conflict');
    const { differences } = await both(original, () => ({
      status: '500 Oh',
      headers: TEXT_TYPE,
      body: 'text',
    }));
    expect(differences).to.deep.equal(['status']);
  });

  it('takes a redirect for noise only if it leads to the same kind of place', async () => {
    const to = (place: string) => () => ({
      status: '303 See Other',
      headers: [['Location', `${place}${random()}`]] as [string, string][],
      body: '',
    });
    expect((await both(to('/items/'), to('/items/'))).differences).to.deep.equal([]);
    expect((await both(to('/items/'), to('http://shop.example:8000/items/'))).differences).to.deep.equal([]);
    expect((await both(to('/items/'), to('/item/'))).differences).to.deep.equal(['redirect Location']);
    expect((await both(to('/x?a=1&t='), to('/x?t='))).differences).to.deep.equal(['redirect Location']);
  });

  it('says that the original was in another state when it was asked again', async () => {
    const other = changing('201 Created', '409 Conflict');
    const { counts } = await both(other, () => ({
      status: '409 Conflict',
      headers: TEXT_TYPE,
      body: 'text',
    }));
    expect(counts).to.include({ equal: 1, noise: 1 });
  });

  it('takes no answer that is missing or cut for noise, though the original fails at times', async () => {
    const [exchange] = await recorded(
      site(() => ({ headers: TEXT_TYPE, body: 'text' })),
      LIST,
    );
    if (exchange === undefined) throw new Error('nothing was recorded');
    const good = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ntext';
    for (const bad of ['', good.slice(0, -2)]) {
      let passes = 0;
      const { counts } = await compared([exchange], {
        original: wired(() => (passes++ === 0 ? good : bad)),
        candidate: wired(() => bad),
      });
      expect(counts, JSON.stringify(bad)).to.include({ equal: 0, different: 1 });
    }
  });

  it('finds what varies seldom with more passes', async () => {
    const traffic = await recorded(
      site(() => ({ body: '{"n": 0}' })),
      LIST,
    );
    let pass = 0;
    const seldom = () => {
      const n = pass++ === 3 ? 1 : 0;
      return site(() => ({ body: JSON.stringify({ n }) }));
    };
    const candidate = served(() => site(() => ({ body: '{"n": 1}' })));
    expect((await compared(traffic, { original: served(seldom), candidate })).differences).to.have.lengthOf(
      1,
    );
    pass = 0;
    const { differences } = await compared(traffic, { original: served(seldom), candidate, noisePasses: 3 });
    expect(differences).to.deep.equal([]);
  });

  it('asks a server that cannot be started afresh twice for what changes nothing, and once for what does', async () => {
    const asked: string[] = [];
    const handle: Handler = ({ REQUEST_METHOD }) => {
      asked.push(String(REQUEST_METHOD));
      return { body: JSON.stringify({ at: random() }) };
    };
    const running = { ...served(() => site(handle)), fresh: false };
    const requests = ['GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE'].map((method) => ({ target: '/', method }));
    const traffic = await recorded(
      site(() => ({ body: '{"at": ""}' })),
      requests,
    );
    const candidate = served(() => site(() => ({ body: JSON.stringify({ at: random() }) })));
    const { results } = await compared(traffic, { original: running, candidate });
    expect(asked).to.deep.equal(['GET', 'GET', 'POST', 'HEAD', 'HEAD', 'OPTIONS', 'OPTIONS', 'DELETE']);
    expect(results[0]?.differences).to.deep.equal([]);
    expect(results[1]?.differences).to.have.lengthOf(1);
    expect(results[1]?.note).to.include('asked once');
    const noise = served(() => site(handle));
    const second = await compared(traffic, { original: running, candidate, noise });
    expect(second.differences).to.deep.equal([]);
  });

  it('leaves out what a person says', async () => {
    const make =
      (n: number): Handler =>
      () => ({
        headers: [...JSON_TYPE, ['X-Build', String(n)]],
        body: JSON.stringify({ items: [{ id: n, note: `took ${n} ms`, name: 'pen' }] }),
      });
    const traffic = await recorded(site(make(1)), LIST);
    const sides = { original: served(() => site(make(1))), candidate: served(() => site(make(2))) };
    expect((await compared(traffic, sides)).differences).to.have.lengthOf(3);
    const ignore = Ignore.parse(['x-build', '/items/*/id', '/took \\d+ ms/']);
    expect((await compared(traffic, { ...sides, ignore })).differences).to.deep.equal([]);
  });
});

describe('compare, with drift', function () {
  this.timeout(60_000);
  const good: Handler = () => ({ body: '{"ok": true}' });
  const bad: Handler = () => ({ status: '500 Internal Server Error', body: '{}' });

  async function against(original: Handler, candidate: Handler, recording: Handler = good) {
    return compared(await recorded(site(recording), LIST), {
      original: served(() => site(original)),
      candidate: served(() => site(candidate)),
    });
  }

  it('does not call two sides equal that fail alike where the recording succeeded', async () => {
    const { counts, results } = await against(bad, bad);
    expect(counts).to.include({ equal: 0, different: 0, drift: 1 });
    expect(results[0]?.drift.map(({ kind }) => kind)).to.include('status');
    expect(exitCodeOf(counts)).to.equal(1);
  });

  it('does not call an original equal that answers otherwise than recorded', async () => {
    const other: Handler = () => ({ body: '{"ok": false}' });
    const { counts, results } = await against(other, other);
    expect(counts).to.include({ equal: 0, different: 0, drift: 1 });
    expect(results[0]?.drift.map(({ where }) => where)).to.deep.equal(['/ok']);
  });

  it('reports a difference as well, where the original has drifted', async () => {
    const { counts, results } = await against(bad, good);
    expect(counts).to.include({ different: 1, drift: 0 });
    expect(results[0]?.drift).to.not.deep.equal([]);
  });

  it('takes what varies in the original for no drift', async () => {
    const vary: Handler = () => ({ body: JSON.stringify({ at: random() }) });
    expect((await against(vary, vary, vary)).counts).to.include({ equal: 1, drift: 0 });
  });

  it('calls two sides that fail alike drift where nothing was recorded', async () => {
    const [exchange] = await recorded(site(good), LIST);
    if (exchange === undefined) throw new Error('nothing was recorded');
    const { counts } = await compared([{ request: exchange.request }], {
      original: served(() => site(bad)),
      candidate: served(() => site(bad)),
    });
    expect(counts).to.include({ equal: 0, drift: 1 });
  });

  it('sends no request of which the archive has lost a part', async () => {
    const [exchange] = await recorded(site(good), [{ target: '/', body: 'abc' }]);
    if (exchange === undefined) throw new Error('nothing was recorded');
    const { request } = exchange;
    const lost = { ...exchange, request: { ...request, body: { ...request.body, missing: true } } };
    const target = served(() => site(good));
    const { counts, results } = await compared([lost], { original: target, candidate: target });
    expect(counts).to.include({ equal: 0, drift: 0, skipped: 1 });
    expect(results[0]?.note).to.equal('the archive has lost bytes of its body');
  });

  it('has an exit code for each end', () => {
    const none = { equal: 0, different: 0, drift: 0, skipped: 0, noise: 0 };
    expect(exitCodeOf({ ...none, equal: 2, noise: 1 })).to.equal(0);
    expect(exitCodeOf({ ...none, equal: 2, different: 1 })).to.equal(1);
    expect(exitCodeOf({ ...none, equal: 2, drift: 1 })).to.equal(1);
    expect(exitCodeOf({ ...none, equal: 2, drift: 1 }, true)).to.equal(0);
    expect(exitCodeOf({ ...none, drift: 1 }, true)).to.equal(2);
    expect(exitCodeOf({ ...none, skipped: 3 })).to.equal(2);
    expect(exitCodeOf(none)).to.equal(2);
  });
});
