/** Applications in Python, unmodified: on the servers of CPython, and on this package. */
import { type Bench, compare } from './compare.js';
import { type HttpPart, httpLoad } from './http-load.js';
import { type PythonServers, pythonEchoes, pythonServers } from './python-servers.js';
import { pythonStarts } from './python-start.js';
import { comparisonTable } from './report.js';
import type { ServerProcess } from './server-process.js';
import { webSocketLoad } from './websocket-load.js';

interface PythonPart extends HttpPart {
  readonly title: string;
  /** Of bench/python. */
  readonly module: string;
}

const get = (title: string, module: string, path = '/', connections = 16): PythonPart => ({
  ...{ title: `Python: ${title}`, module, method: 'GET', path, connections },
});

const PARTS: Readonly<Record<string, PythonPart>> = {
  'python-hello': get('GET hello', 'app'),
  'python-bottle': get('Bottle, a template', 'bottle_site'),
  'python-flask': get('Flask, posts from SQLite, a template, a session', 'flask_site'),
  'python-django': get('Django, a view with a template', 'django_site'),
  'python-down': get('GET 1 MiB', 'app', '/big', 8),
  'python-up': {
    ...get('POST 1 MiB, read whole', 'app', '/post', 8),
    method: 'POST',
    body: Buffer.alloc(1024 * 1024, 'u'),
  },
};
const ECHO = 'python-echo';
const START = 'python-start';

export const PYTHON_PARTS = [...Object.keys(PARTS), ECHO, START];

export async function pythonParts({ rounds, time, chosen, add }: Bench): Promise<void> {
  const told = new Set<string>();
  const measure = async (
    title: string,
    { running, missing }: PythonServers,
    load: (server: ServerProcess) => Promise<number>,
  ) => {
    const news = missing.filter((one) => !told.has(one));
    for (const one of news) told.add(one);
    if (news.length > 0) add(`Not started here, so not measured: ${news.join(', ')}.`);
    const measured = await compare(running, rounds, load);
    for (const server of running) server.stop();
    if (measured.length > 0) add(comparisonTable(title, measured));
  };
  for (const [part, { title, module, ...load }] of Object.entries(PARTS)) {
    if (!chosen(part)) continue;
    await measure(title, await pythonServers(module), ({ port }) => httpLoad(port, { ...load, time }));
  }
  if (chosen(ECHO)) {
    await measure('Python: WebSocket echo, 32 bytes, 4 connections', await pythonEchoes(), ({ port }) =>
      webSocketLoad(port, { path: '/', size: 32, inFlight: 1, connections: 4, time }),
    );
  }
  if (chosen(START)) add(await pythonStarts(rounds));
}
