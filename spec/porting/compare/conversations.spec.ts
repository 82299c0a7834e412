/** WebSocket conversations that go on while other requests are sent, and streams that have no end. */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { Application, Environ } from '../../../lib/environ/types.js';
import { storedBytes } from '../../../lib/porting/compare/follow/request-values.js';
import type { Answer, Exchange, Fields, Message } from '../../../lib/porting/exchange.js';
import { compared, served } from '../../support/replay.js';

const START = 1e12;
const HOST: [string, string] = ['Host', 'room.example'];
const UPGRADE: Fields = [
  HOST,
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
];
const TEXT: Fields = [['Content-Type', 'text/plain']];

function exchange(
  target: string,
  at: number,
  body: string,
  more: Partial<Answer> = {},
  method = 'GET',
): Exchange {
  return {
    started: new Date(START + at),
    request: { method, target, fields: [HOST], body: storedBytes(Buffer.alloc(0)) },
    answer: {
      status: 200,
      reason: 'OK',
      version: '1.1',
      fields: TEXT,
      trailers: [],
      body: storedBytes(Buffer.from(body)),
      ...more,
    },
  };
}

function conversation(
  target: string,
  at: number,
  messages: [Message['from'], number, string][],
  closeCode = 1000,
): Exchange {
  const { request, ...rest } = exchange(target, at, '', {
    status: 101,
    reason: 'Switching Protocols',
    fields: [],
  });
  return {
    ...rest,
    request: { ...request, fields: UPGRADE },
    conversation: {
      messages: messages.map(([from, time, data]) => ({ from, time, data })),
      closeCode,
      closeReason: '',
    },
  };
}

/** A room: what is posted goes to all that are in it, and `GET /online` says how many these are. */
function room(greeting = 'welcome'): Application {
  const members = new Set<{ send(message: string): unknown }>();
  return async (environ: Environ, start_response) => {
    const socket = environ['wsgi.websocket'];
    if (socket !== undefined) {
      members.add(socket);
      const ticket = randomBytes(8).toString('hex');
      await socket.send(JSON.stringify({ greeting, ticket }));
      for (let message = await socket.receive(); message !== null; message = await socket.receive()) {
        const { ticket: given } = JSON.parse(String(message)) as { ticket: string };
        await socket.send(given === ticket ? 'good bye' : 'who are you?');
      }
      members.delete(socket);
      return [];
    }
    start_response(
      '200 OK',
      [...TEXT].map(([name, value]): [string, string] => [name, value]),
    );
    if (environ.PATH_INFO === '/events') return events();
    if (environ.PATH_INFO === '/online') return [Buffer.from(String(members.size))];
    for (const member of members) await member.send(environ.QUERY_STRING);
    return [Buffer.from('said')];
  };
}

async function* events() {
  for (let i = 0; i < 10_000; i++) {
    yield Buffer.from(`event ${i}\n`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** In the order of an archive: by their ends. */
const ROOM: Exchange[] = [
  exchange('/online', 500, '1'),
  exchange('/say?hello', 1000, 'said', {}, 'POST'),
  conversation('/room', 0, [
    ['server', 5, '{"greeting":"welcome","ticket":"ab12cd34ef56ab78"}'],
    ['server', 1005, 'hello'],
    ['client', 2000, '{"ticket": "ab12cd34ef56ab78"}'],
    ['server', 2005, 'good bye'],
  ]),
  exchange('/online', 3000, '0'),
];

describe('compare, with conversations', function () {
  this.timeout(20_000);

  it('lets a conversation go on while other requests are sent, and follows what it hands out', async () => {
    const { counts, results, differences } = await compared(ROOM, {
      original: served(() => room()),
      candidate: served(() => room()),
    });
    expect(results.map(({ number }) => number)).to.deep.equal([3, 1, 2, 4]);
    expect(results.flatMap(({ drift }) => drift)).to.deep.equal([]);
    expect(differences).to.deep.equal([]);
    expect(counts).to.include({ equal: 4 });
    const said = results[0]?.candidate?.conversation?.messages.map(({ data }) => String(data));
    expect(said?.slice(1, 2)).to.deep.equal(['hello']);
    expect(said?.at(-1)).to.equal('good bye');
  });

  it('finds a message that differs', async () => {
    const { differences } = await compared(ROOM, {
      original: served(() => room()),
      candidate: served(() => room('hi')),
    });
    expect(differences).to.deep.equal(['websocket message 1 /greeting']);
  });

  it('closes as the recorded client has, with its code and its reason', async () => {
    const greeting: [Message['from'], number, string][] = [
      ['server', 5, '{"greeting":"welcome","ticket":"ab12cd34ef56ab78"}'],
    ];
    const recorded = conversation('/room', 0, greeting, 4001);
    const close = { code: 4001, reason: 'bye' };
    const traffic = [
      {
        ...recorded,
        conversation: {
          messages: recorded.conversation?.messages ?? [],
          closeCode: close.code,
          closeReason: close.reason,
          clientClose: close,
        },
      },
    ];
    const { counts, results } = await compared(traffic, {
      original: served(() => room()),
      candidate: served(() => room()),
    });
    expect(results[0]?.candidate?.conversation).to.include({ closeCode: 4001, closeReason: 'bye' });
    expect(counts).to.include({ equal: 1, different: 0, drift: 0 });
  });

  it('leaves a stream without end where the recorded client left it', async () => {
    const body = { ...storedBytes(Buffer.from('event 0\nevent 1\n')), missing: true };
    const { counts, results } = await compared([exchange('/events', 0, '', { body })], {
      original: served(() => room()),
      candidate: served(() => room()),
    });
    expect(counts).to.include({ equal: 1, different: 0, drift: 0 });
    expect(results[0]?.candidate?.answer?.body.size).to.equal(16);
  });

  it('sends the request that an answer waits for, where that came before the answer in the recording', async () => {
    const poll = exchange('/poll', 0, 'hello', { times: { head: 400, first: 400, last: 400 } });
    const traffic = [poll, exchange('/say', 100, 'said'), exchange('/after', 500, 'after')];
    const { counts, results } = await compared(traffic, {
      original: served(polled),
      candidate: served(polled),
      timeout: 15,
    });
    expect(results.flatMap(({ differences, drift }) => [...differences, ...drift])).to.deep.equal([]);
    expect(counts).to.include({ equal: 3 });
  });
});

/** `/poll` is answered when somebody says something. */
function polled(): Application {
  let say: (text: string) => void = () => {};
  const said = new Promise<string>((resolve) => {
    say = resolve;
  });
  return async ({ PATH_INFO }: Environ, start_response) => {
    const text = PATH_INFO === '/poll' ? await said : PATH_INFO === '/say' ? 'said' : 'after';
    if (PATH_INFO === '/say') say('hello');
    start_response('200 OK', [...TEXT]);
    return [Buffer.from(text)];
  };
}
