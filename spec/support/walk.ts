/** A process that answers one GET while it counts which functions are called, and prints the files of lib that have any. */
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { Session } from 'node:inspector/promises';
import { makeServer } from '../../lib/server/server.js';

const agent = new Agent({ keepAlive: true });
// Long timeouts: what looks at idle connections is not on the way.
const server = await makeServer('127.0.0.1', 0, application, { timeout: 3600, keepAlive: 3600 });
const port = server.serverPort;
await hello();
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
await hello();
const { result } = await session.post('Profiler.takePreciseCoverage');
const called = result
  .filter(({ functions }) =>
    functions.some(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0),
  )
  .map(({ url }) => /\/lib\/([\w/-]+)\.[jt]s$/.exec(url)?.[1])
  .filter((file) => file !== undefined);
console.log(JSON.stringify(called.map((file) => `${file}.ts`).sort()));
session.disconnect();
agent.destroy();
await server.close();

function application(
  _environ: unknown,
  start_response: (status: string, headers: [string, string][]) => unknown,
): Buffer[] {
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from('hello')];
}

async function hello(): Promise<void> {
  const request = get({ port, agent, path: '/a?b=c' });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  for await (const _ of response);
}
