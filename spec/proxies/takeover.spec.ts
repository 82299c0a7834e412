/** An instance stops under load, and another one behind the same proxy takes over: no client notices. */
import { Agent } from 'node:http';
import { expect } from 'chai';
import { Command, killCommands } from '../support/command.js';
import { scriptOf } from '../support/source.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { get } from './client.js';
import { behindProxies, killProxies } from './proxy.js';

const APPS = scriptOf('apps.ts', import.meta.url);

/** Requests that the first instance has begun when it is told to stop, and clients that ask again and again. */
const HELD = 100;
const CLIENTS = 100;

interface Answer {
  readonly status: number;
  readonly name: string;
  readonly held: number;
}

behindProxies('an instance', (start) => {
  let agent: Agent;

  beforeEach(() => {
    agent = new Agent({ keepAlive: true });
  });

  afterEach(async () => {
    agent.destroy();
    await killProxies();
    await killCommands();
    removeTemporaryFolders();
  });

  async function ask(url: string): Promise<Answer> {
    const { status, text } = await get(url, { agent });
    return { status, ...(status === 200 ? JSON.parse(text) : { name: text, held: 0 }) };
  }

  it('stops with 200 requests in flight, and every one is answered', async function () {
    this.timeout(60_000);
    const first = await instance('first');
    const second = await instance('second');
    const proxy = await start({ at: first.port }, { at: second.port, backup: true });
    const { url } = proxy;

    const held = Array.from({ length: HELD }, () => ask(`${url}/held`));
    await until(async () => (await ask(url)).held === HELD, 'the arrival of all requests');

    const answers: Answer[] = [];
    let enough = false;
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (!enough) answers.push(await ask(url));
    });
    const load = (from: number) => until(() => answers.length >= from + 2 * CLIENTS, 'the load');
    await load(0);
    expect(new Set(answers.map(({ name }) => name))).to.deep.equal(new Set(['first']));

    await proxy.drain(0);
    // Where the proxy cannot be told, this is all from the first one still.
    await load(answers.length);
    first.command.child.kill('SIGTERM');
    const code = await first.command.exit();
    await load(answers.length);
    enough = true;
    await Promise.all(clients);

    expect(code, first.command.stderr).to.equal(0);
    expect(await Promise.all(held)).to.deep.equal(
      Array(HELD).fill({ status: 200, name: 'first', held: HELD }),
    );
    expect(answers.filter(({ status }) => status !== 200)).to.deep.equal([]);
    expect(answers.at(-1)?.name).to.equal('second');
  });
});

async function instance(name: string): Promise<{ command: Command; port: number }> {
  const command = new Command([`${APPS}:who`, '-b', '127.0.0.1:0'], { env: { NAME: name } });
  return { command, port: Number(new URL(await command.address()).port) };
}
