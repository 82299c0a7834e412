/** Values that one side hands out and the client sends back: each side gets its own. */
import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { parseForm } from '../../../lib/environ/form/form.js';
import type { Application, Environ } from '../../../lib/environ/types.js';
import type { Exchange } from '../../../lib/porting/exchange.js';
import { compared, recorded, served } from '../../support/replay.js';

interface Shop {
  /** The first id of an item. */
  readonly firstId: number;
  /** What it answers for an item. */
  readonly show: (id: number, name: string) => string;
  readonly token: () => string;
  readonly cookie: string;
}

const SHOP: Shop = {
  firstId: 7,
  show: (id, name) => `<h1>Item ${id}</h1><p>${name}</p>`,
  token: () => randomBytes(16).toString('hex'),
  cookie: 'sid',
};

/** A shop with sessions, CSRF tokens in a form, a `meta` and a header, ids in Location and in JSON, and validators. */
function shop({ firstId, show, token, cookie }: Shop): Application {
  const sessions = new Map<string, { csrf: string; user: string | undefined }>();
  const items = new Map<number, string>();
  const keys = new Map<string, string>();
  let next = firstId;
  return async (environ: Environ, start_response) => {
    const path = environ.PATH_INFO;
    const [, sid = ''] = new RegExp(`(?:^|; )${cookie}=([^;]*)`).exec(environ.HTTP_COOKIE ?? '') ?? [];
    const session = sessions.get(sid);
    const answer = (status: string, body: string, headers: [string, string][] = []) => {
      const isJson = body.startsWith('{');
      start_response(status, [
        ['Content-Type', isJson ? 'application/json' : 'text/html; charset=utf-8'],
        ...headers,
      ]);
      return [Buffer.from(body)];
    };
    if (path === '/login' && environ.REQUEST_METHOD === 'GET') {
      const made = { csrf: token(), user: undefined };
      const id = token();
      sessions.set(id, made);
      return answer(
        '200 OK',
        `<meta name="csrf-token" content="${made.csrf}"><form><input type="hidden" name="csrf" value="${made.csrf}">` +
          '<input type="hidden" name="step" value="1"></form>',
        [['Set-Cookie', `${cookie}=${id}; Path=/`]],
      );
    }
    if (session === undefined) return answer('403 Forbidden', 'no session');
    if (path === '/login') {
      const form = await parseForm(environ);
      if (form.fields.get('csrf') !== session.csrf) return answer('403 Forbidden', 'bad token');
      sessions.delete(sid);
      const id = token();
      sessions.set(id, { csrf: token(), user: String(form.fields.get('user')) });
      return answer('303 See Other', '', [
        ['Location', '/home'],
        ['Set-Cookie', `${cookie}=${id}; Path=/`],
      ]);
    }
    if (path === '/home') {
      return answer('200 OK', `<p>Hello ${session.user}</p><script>var csrf = "${session.csrf}";</script>`);
    }
    if (path === '/items' && environ.REQUEST_METHOD === 'POST') {
      if (environ['HTTP_X_CSRF_TOKEN'] !== session.csrf) return answer('403 Forbidden', 'bad token');
      const id = next++;
      items.set(id, String((await parseForm(environ)).fields.get('name')));
      return answer('303 See Other', '', [['Location', `/items/${id}`]]);
    }
    const [, id] = /^\/items\/(\d+)$/.exec(path) ?? [];
    if (id !== undefined && items.has(Number(id)))
      return answer('200 OK', show(Number(id), items.get(Number(id)) ?? ''));
    if (path === '/api/keys') {
      const id = randomUUID();
      const key = token();
      keys.set(key, id);
      return answer('201 Created', JSON.stringify({ id, secret: { key }, quantity: 7 }));
    }
    if (path === '/api/use') {
      const chunks: Buffer[] = [];
      for await (const line of environ['wsgi.input']) chunks.push(line);
      const { key, id, quantity } = JSON.parse(String(Buffer.concat(chunks))) as Record<string, unknown>;
      const isKnown = keys.get(String(key)) === id && environ.HTTP_AUTHORIZATION === `Bearer ${key}`;
      return answer(isKnown ? '200 OK' : '401 Unauthorized', JSON.stringify({ quantity }));
    }
    return answer('404 Not Found', 'nothing here');
  };
}

const find = (text: string, pattern: RegExp) => pattern.exec(text)?.[1] ?? `no ${pattern}`;
const header = (fields: readonly (readonly [string, string])[], name: string) =>
  fields.find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
const FORM: [string, string] = ['Content-Type', 'application/x-www-form-urlencoded'];

/** A client that logs in, makes an item, looks at it, and uses a key. */
function visit(site: Application): Promise<Exchange[]> {
  let cookie = '';
  let csrf = '';
  return recorded(site, [
    { target: '/home' },
    { target: '/login' },
    (answers) => {
      const [, page] = answers;
      cookie = header(page?.fields ?? [], 'set-cookie').split(';', 1)[0] ?? '';
      const token = find(page?.text ?? '', /name="csrf" value="(\w+)"/);
      return {
        target: '/login',
        headers: [FORM, ['Cookie', cookie]],
        body: `csrf=${token}&step=1&user=zo%C3%A9&q=1`,
      };
    },
    (answers) => {
      cookie = header(answers[2]?.fields ?? [], 'set-cookie').split(';', 1)[0] ?? '';
      return { target: '/home', headers: [['Cookie', `${cookie}; lang=en`]] };
    },
    (answers) => {
      csrf = find(answers[3]?.text ?? '', /csrf = "(\w+)"/);
      return {
        target: '/items',
        headers: [FORM, ['Cookie', cookie], ['X-CSRF-Token', csrf]],
        body: 'name=pen&n=7',
      };
    },
    (answers) => ({
      target: header(answers[4]?.fields ?? [], 'location'),
      headers: [
        ['Cookie', cookie],
        ['Referer', `http://shop.example:8000${header(answers[4]?.fields ?? [], 'location')}`],
      ],
    }),
    { target: '/api/keys', method: 'POST', headers: [] },
    () => ({ target: '/api/keys', method: 'POST', headers: [['Cookie', cookie]] }),
    (answers) => {
      const { id, secret } = JSON.parse(answers[7]?.text ?? '') as { id: string; secret: { key: string } };
      return {
        target: `/api/use?key=${secret.key}`,
        headers: [
          ['Cookie', cookie],
          ['Content-Type', 'application/json'],
          ['Authorization', `Bearer ${secret.key}`],
        ],
        body: `{"id": "${id}",\n "key": "${secret.key}", "quantity": 7}`,
      };
    },
  ]);
}

describe('compare, with values that are handed out', function () {
  this.timeout(60_000);
  let traffic: Exchange[] = [];

  before(async () => {
    traffic = await visit(shop(SHOP));
    expect(traffic.map(({ answer }) => answer?.status)).to.deep.equal([
      403, 200, 303, 200, 303, 200, 403, 201, 200,
    ]);
  });

  const run = (candidate: Partial<Shop> = {}, original: Partial<Shop> = {}) =>
    compared(traffic, {
      original: served(() => shop({ ...SHOP, ...original })),
      candidate: served(() => shop({ ...SHOP, ...candidate })),
    });

  it('finds two runs of one random application equal, its login included', async () => {
    const { counts, differences, results } = await run();
    expect(results.map(({ candidate }) => candidate?.answer?.status)).to.deep.equal([
      403, 200, 303, 200, 303, 200, 403, 201, 200,
    ]);
    expect(differences).to.deep.equal([]);
    expect(counts).to.include({ equal: 9, different: 0, drift: 0 });
  });

  it('follows the id of a Location, though the two sides count from other numbers', async () => {
    const { counts, differences, results } = await run({ firstId: 1001 });
    expect(results[5]?.sent.original.target).to.equal('/items/7');
    expect(results[5]?.sent.candidate.target).to.equal('/items/1001');
    expect(results[5]?.candidate?.answer?.status).to.equal(200);
    expect(differences).to.deep.equal([]);
    expect(counts.equal).to.equal(9);
  });

  it('changes no number that happens to be the same as an id', async () => {
    const { bodies } = await run({ firstId: 1001 });
    expect(bodies[4]).to.equal('name=pen&n=7');
    expect(bodies[8]).to.include('"quantity": 7');
  });

  it('follows tokens that are the same in each run of the original', async () => {
    let count = 0;
    const token = () => `fixed${String(count++).padStart(8, '0')}abcdef`;
    const { counts, differences } = await run({}, { token });
    expect(differences).to.deep.equal([]);
    expect(counts.equal).to.equal(9);
  });

  it('sends back a cookie under the name that this side gave it', async () => {
    const { differences, results } = await run({ cookie: 'session' });
    expect(results.map(({ candidate }) => candidate?.answer?.status)).to.deep.equal([
      403, 200, 303, 200, 303, 200, 403, 201, 200,
    ]);
    expect(differences.every((where) => where.startsWith('cookie'))).to.equal(true);
  });

  it('finds a fault that is behind the login', async () => {
    const { counts, differences } = await run({
      show: (id, name) => `<h1>Item ${id}</h1><p>${name.toUpperCase()}</p>`,
    });
    expect(differences).to.have.lengthOf(1);
    expect(counts).to.include({ equal: 8, different: 1, drift: 0 });
  });

  it('finds a wrong id, though the original counts from another number each time', async () => {
    const against = (show: Shop['show']) => {
      const firsts = [111, 222];
      return compared(traffic, {
        original: served(() => shop({ ...SHOP, firstId: firsts.shift() ?? 333 })),
        candidate: served(() => shop({ ...SHOP, firstId: 1001, show })),
      });
    };
    expect((await against(SHOP.show)).differences).to.deep.equal([]);
    const wrong = await against((id, name) => SHOP.show(id + 1, name));
    expect(wrong.differences).to.deep.equal(['body /h1/text()']);
  });

  it('finds a token that the candidate does not give', async () => {
    const { results } = await run({ token: () => 'undefined' });
    expect(results[1]?.verdict).to.equal('different');
    expect(results[1]?.differences.map(({ kind }) => kind)).to.include('cookie');
  });

  it('keeps the sessions of several clients apart', async () => {
    const other = await visit(shop(SHOP));
    const mixed = traffic.flatMap((exchange, index) => [exchange, other[index] ?? exchange]);
    const sites = {
      original: served(() => shop(SHOP)),
      candidate: served(() => shop({ ...SHOP, firstId: 50 })),
    };
    const dated = mixed.map((exchange, index) => ({ ...exchange, started: new Date(1e12 + index) }));
    const { counts, differences } = await compared(dated, sites);
    expect(differences).to.deep.equal([]);
    expect(counts).to.include({ equal: 18, drift: 0 });
  });
});
