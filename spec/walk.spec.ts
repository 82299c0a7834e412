/** The walk through the code that CONTRIBUTING describes: the files of lib in which a GET has its way. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, get, type IncomingMessage } from 'node:http';
import { Session } from 'node:inspector/promises';
import { expect } from 'chai';
import type { Application } from '../lib/environ/types.js';
import { closeServers, serveApp } from './support/serve.js';
import { ROOT } from './support/source.js';

const app: Application = (_environ, start_response) => {
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from('hello')];
};

/** The files that CONTRIBUTING names between the heading of the walk and the next. */
function described(): string[] {
  const text = readFileSync(`${ROOT}CONTRIBUTING.md`, 'utf8');
  const [, walk = ''] = /^## The walk of a GET\n(.*?)^## /ms.exec(text) ?? [];
  return [...walk.matchAll(/^\d+\. `lib\/([\w/-]+\.ts)`/gm)].map(([, file]) => file as string);
}

async function hello(port: number, agent: Agent): Promise<string> {
  const [response] = (await once(get({ port, agent, path: '/a?b=c' }), 'response')) as [IncomingMessage];
  const blocks: Buffer[] = [];
  for await (const block of response) blocks.push(block as Buffer);
  return Buffer.concat(blocks).toString();
}

/** Files of lib of which a function was called while `work` ran. */
async function walked(work: () => Promise<unknown>): Promise<string[]> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await work();
    const { result } = await session.post('Profiler.takePreciseCoverage');
    const called = result.filter(({ functions }) =>
      functions.some(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0),
    );
    return called
      .map(({ url }) => /\/lib\/([\w/-]+)\.[jt]s$/.exec(url)?.[1])
      .filter((file) => file !== undefined)
      .map((file) => `${file}.ts`)
      .sort();
  } finally {
    await session.post('Profiler.stopPreciseCoverage');
    session.disconnect();
  }
}

describe('the walk of a GET', () => {
  afterEach(closeServers);

  it('goes through the files that CONTRIBUTING names, and no others', async () => {
    // Long timeouts: what looks at idle connections is not on the way.
    const { serverPort } = await serveApp(app, { timeout: 3600, keepAlive: 3600 });
    const agent = new Agent({ keepAlive: true });
    expect(await hello(serverPort, agent)).to.equal('hello');
    const files = await walked(() => hello(serverPort, agent));
    agent.destroy();
    expect(files).to.deep.equal(described().sort());
  });
});
