/** One fault planted in each kind of thing that is compared: it is found, and nothing else is. */
import { expect } from 'chai';
import type { Application, Environ } from '../../../lib/environ/types.js';
import type { Exchange } from '../../../lib/porting/exchange.js';
import { type Compared, compared, recorded, served } from '../../support/replay.js';
import { captureLog } from '../../support/serve.js';

type Head = [status: string, headers: [string, string][]];
interface Site {
  readonly head: Record<string, Head>;
  readonly body: Record<string, string | Buffer>;
  /** Milliseconds between the blocks of a stream. */
  readonly pause: number;
  readonly cut: boolean;
  readonly talk: (message: string) => string;
  readonly closeCode: number;
}

const HTML =
  '<!doctype html><title>Shop</title><p class="total">Total: <b>12</b></p><a href="/next">Next</a>';

const SITE: Site = {
  head: {
    '/page': ['200 OK', [['Content-Type', 'text/html; charset=utf-8']]],
    '/json': ['200 OK', [['Content-Type', 'application/json']]],
    '/text': [
      '200 OK',
      [
        ['Content-Type', 'text/plain; charset=utf-8'],
        ['X-Rate', '10'],
      ],
    ],
    '/bytes': ['200 OK', [['Content-Type', 'application/octet-stream']]],
    '/login': [
      '303 See Other',
      [
        ['Location', '/page'],
        ['Set-Cookie', 'theme=dark; Path=/; HttpOnly'],
      ],
    ],
    '/old': ['301 Moved Permanently', [['Location', '/page?from=old']]],
    '/teapot': ['418 I am a teapot', [['Content-Type', 'text/plain']]],
    '/stream': ['200 OK', [['Content-Type', 'text/plain']]],
    '/long': [
      '200 OK',
      [
        ['Content-Type', 'text/plain'],
        ['Content-Length', '10'],
      ],
    ],
  },
  body: {
    '/page': HTML,
    '/json': '{"items": [{"id": 1, "name": "pen"}], "total": 1.0}',
    '/text': 'first\nsecond\nthird café\n',
    '/bytes': Buffer.from([0, 1, 2, 3, 255]),
    '/teapot': 'short',
    '/long': '0123456789',
  },
  pause: 70,
  cut: false,
  talk: (message) => `you said ${message}`,
  closeCode: 4001,
};

function siteOf({ head, body, pause, cut, talk, closeCode }: Site): Application {
  return async (environ: Environ, start_response) => {
    const path = environ.PATH_INFO;
    const socket = environ['wsgi.websocket'];
    if (socket !== undefined) {
      for (let message = await socket.receive(); message !== null; message = await socket.receive()) {
        await socket.send(talk(String(message)));
        if (message === 'bye') await socket.close(closeCode, 'done');
      }
      return [];
    }
    const [status, headers] = head[path] ?? ['404 Not Found', []];
    start_response(status, [...headers]);
    if (path === '/stream') return blocks(pause);
    if (path === '/long' && cut) return broken();
    return [Buffer.from(body[path] ?? '')];
  };
}

async function* blocks(pause: number) {
  if (pause === 0) {
    await new Promise((resolve) => setTimeout(resolve, 210));
    yield Buffer.from('0\n1\n2\n3\n');
    return;
  }
  for (let i = 0; i < 4; i++) {
    yield Buffer.from(`${i}\n`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function* broken() {
  yield Buffer.from('01234');
  throw new Error('planted');
}

const withHead = (path: string, status: string, headers?: [string, string][]): Site => ({
  ...SITE,
  head: { ...SITE.head, [path]: [status, headers ?? SITE.head[path]?.[1] ?? []] },
});
const withBody = (path: string, body: string | Buffer): Site => ({
  ...SITE,
  body: { ...SITE.body, [path]: body },
});

const LATIN1 = Buffer.from(String(SITE.body['/text']), 'latin1');
const FAULTS: [name: string, site: Site, found: string[]][] = [
  ['a status', withHead('/json', '201 Created'), ['status']],
  ['a reason', withHead('/teapot', "418 I'm a teapot"), ['reason']],
  [
    'a header',
    withHead('/text', '200 OK', [
      ['Content-Type', 'text/plain; charset=utf-8'],
      ['X-Rate', '9'],
    ]),
    ['header X-Rate'],
  ],
  [
    'a header that is missing',
    withHead('/text', '200 OK', [['Content-Type', 'text/plain; charset=utf-8']]),
    ['header X-Rate'],
  ],
  ['a text', withBody('/text', 'first\n2nd\nthird café\n'), ['body line 2']],
  ['bytes', withBody('/bytes', Buffer.from([0, 1, 2, 4, 255])), ['body bytes']],
  [
    'a value of JSON',
    withBody('/json', '{"total": 1, "items": [{"name": "pencil", "id": 1}]}'),
    ['body /items/0/name'],
  ],
  [
    'a type in JSON',
    withBody('/json', '{"items": [{"id": "1", "name": "pen"}], "total": 1}'),
    ['body /items/0/id'],
  ],
  ['an attribute of HTML', withBody('/page', HTML.replace('/next', '/last')), ['a/@href']],
  ['a text of HTML', withBody('/page', HTML.replace('12', '13')), ['b']],
  [
    'a cookie',
    withHead('/login', '303 See Other', [
      ['Location', '/page'],
      ['Set-Cookie', 'theme=light; Path=/; HttpOnly'],
    ]),
    ['cookie theme'],
  ],
  [
    'an attribute of a cookie',
    withHead('/login', '303 See Other', [
      ['Location', '/page'],
      ['Set-Cookie', 'theme=dark; Path=/'],
    ]),
    ['cookie theme; HttpOnly'],
  ],
  [
    'a redirect',
    withHead('/old', '301 Moved Permanently', [['Location', '/page?from=new']]),
    ['redirect Location'],
  ],
  [
    'a charset',
    {
      ...withHead('/text', '200 OK', [
        ['Content-Type', 'text/plain; charset=latin1'],
        ['X-Rate', '10'],
      ]),
      body: { ...SITE.body, '/text': LATIN1 },
    },
    ['charset Content-Type'],
  ],
  ['a stream that is sent at once', { ...SITE, pause: 0 }, ['stream']],
  ['an answer that is cut', { ...SITE, cut: true }, ['cut']],
  [
    'a message of a WebSocket',
    { ...SITE, talk: (message) => `You said ${message}` },
    ['websocket message 1', 'websocket message 2'],
  ],
  ['the close code of a WebSocket', { ...SITE, closeCode: 4002 }, ['websocket close code']],
];

describe('compare, with one planted fault', function () {
  this.timeout(60_000);
  let all: Exchange[] = [];
  /** What takes no time. */
  let quick: Exchange[] = [];

  before(async () => {
    all = await recorded(siteOf(SITE), [
      ...Object.keys(SITE.head).map((target) => ({ target })),
      { target: '/chat', messages: ['hello', null, 'bye', null] },
    ]);
    quick = all.filter(({ request }) => request.target !== '/stream');
  });

  it('finds nothing in two that are alike', async () => {
    const { counts, results, differences } = await compared(all, {
      original: served(() => siteOf(SITE)),
      candidate: served(() => siteOf(SITE)),
    });
    expect(differences).to.deep.equal([]);
    expect(results.flatMap(({ drift }) => drift)).to.deep.equal([]);
    expect(counts).to.deep.equal({ equal: all.length, different: 0, drift: 0, skipped: 0, noise: 0 });
  });

  for (const [name, site, found] of FAULTS) {
    it(`finds ${name}, and nothing else`, async () => {
      const traffic = site.pause === SITE.pause ? quick : all;
      const sides = { original: served(() => siteOf(SITE)), candidate: served(() => siteOf(site)) };
      const outcomes: Compared[] = [];
      // The answer that is cut is an error of its application.
      await captureLog(async () => outcomes.push(await compared(traffic, sides)));
      const { differences = [], counts } = outcomes[0] ?? {};
      expect(differences).to.have.lengthOf(found.length);
      for (const [index, part] of found.entries()) expect(differences[index]).to.include(part);
      expect(counts).to.include({ different: 1, drift: 0, equal: traffic.length - 1 });
    });
  }
});
