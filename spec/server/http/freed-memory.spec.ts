/** Memory of request bodies: given back when it was copied, and never what somebody else may have. */
import { connect } from 'node:net';
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { closeServers, serveApp } from '../../support/serve.js';

const MIB = 1024 * 1024;
const BODY = Buffer.alloc(MIB, 'u');

describe('the memory of request bodies', () => {
  afterEach(closeServers);

  /** Sends so many bodies over one connection, and returns the answers. */
  async function post(port: number, count: number): Promise<string[]> {
    const client = connect(port, '127.0.0.1').setEncoding('latin1');
    const answers: string[] = [];
    const incoming = client[Symbol.asyncIterator]();
    for (let i = 0; i < count; i++) {
      client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n`);
      client.write(BODY);
      answers.push((await incoming.next()).value as string);
    }
    client.destroy();
    return answers;
  }

  const reading =
    (read: (input: { read(size?: number): Promise<Buffer> }) => Promise<number>): Application =>
    async (environ, start_response) => {
      const answer = String(await read(environ['wsgi.input']));
      start_response('200 OK', [['Content-Length', String(answer.length)]]);
      return [Buffer.from(answer)];
    };

  it('holds a body that was read whole once, not also the packets that it came in', async () => {
    const { serverPort } = await serveApp(reading(async (input) => (await input.read()).length));
    await post(serverPort, 1);
    const before = process.memoryUsage().arrayBuffers;
    const answers = await post(serverPort, 8);
    const more = (process.memoryUsage().arrayBuffers - before) / MIB;
    for (const answer of answers) expect(answer).to.match(new RegExp(`\r\n\r\n${MIB}$`));
    // The collector need not have run: 16 without.
    expect(more).to.be.below(12);
  });

  it('leaves alone what a listener of the connection has got', async () => {
    const { serverPort, http } = await serveApp(reading(async (input) => (await input.read()).length));
    const packets: Buffer[] = [];
    http.on('connection', (socket) => socket.on('data', (packet: Buffer) => packets.push(packet)));
    await post(serverPort, 1);
    const came = Buffer.concat(packets);
    expect(came.subarray(-MIB).equals(BODY)).to.equal(true);
  });
});
