/** The Autobahn testsuite's families 1 to 7, re-created: an echo application behind a real socket. */
import { expect } from 'chai';
import { CLOSE, closeFrame, codeOf, type Frame, RawWebSocket } from '../../support/frames.js';
import {
  closeWebSocketServers,
  echo,
  serveWebSocket,
  type WebSocketTestServer,
} from '../../support/websocket-server.js';
import { type Case, FAMILIES } from './autobahn-cases.js';

describe('Autobahn', () => {
  let server: WebSocketTestServer;

  before(async () => {
    server = await serveWebSocket(echo);
  });
  after(closeWebSocketServers);

  for (const [family, cases] of Object.entries(FAMILIES)) {
    describe(family, () => {
      for (const one of cases) it(one.id, () => expectConversation(server.port, one));
    });
  }
});

async function expectConversation(port: number, one: Case): Promise<void> {
  const { sends, together = false, chop, gets = [], closes } = one;
  const client = await RawWebSocket.connect(port);
  try {
    await client.send(
      together ? Buffer.concat(sends) : sends,
      chop ?? (together ? undefined : Number.POSITIVE_INFINITY),
    );
    if (closes === undefined) {
      await client.next(gets.length);
      await client.send(closeFrame(1000));
    }
    const frames = await client.toEnd();
    expect(frames.slice(0, -1).map(show)).to.deep.equal(
      gets.map(([opcode, payload]) => show({ opcode, payload })),
    );
    const last = frames.at(-1);
    expect(last?.opcode, 'the last frame is a close').to.equal(CLOSE);
    expect(codeOf(last as Frame)).to.equal(closes ?? 1000);
  } finally {
    client.destroy();
  }
}

/** Short, for messages of failing assertions. */
function show({ opcode, payload }: { opcode: number; payload: string | Buffer }): string {
  const hex = Buffer.from(payload).toString('hex');
  return hex.length <= 300 ? `${opcode} ${hex}` : `${opcode} ${hex.length / 2} bytes ${hex.slice(0, 40)}`;
}
