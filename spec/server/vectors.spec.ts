/** The request vectors with applications in JavaScript, on the event loop and in threads. */
import type { Application } from '../../lib/environ/types.js';
import { closeServers, serveApp } from '../support/serve.js';
import { Threads } from './threads/support.js';
import { type Call, type Mode, OPTIONS, vectorsIn } from './vectors.js';

async function onEventLoop(): Promise<Mode> {
  const calls: Call[] = [];
  const app: Application = async (environ, start_response) => {
    const call: Call = { environ: { ...environ }, body: undefined };
    calls.push(call);
    call.body = await environ['wsgi.input'].read();
    start_response('200 OK', [['Content-Type', 'text/plain']]);
    return [Buffer.from('seen')];
  };
  const { serverPort: port } = await serveApp(app, OPTIONS);
  return { port, calls, clear: () => calls.splice(0), stop: closeServers };
}

async function inThreads(): Promise<Mode> {
  const threads = await Threads.start(OPTIONS, '/vectors');
  return {
    port: threads.port,
    get calls() {
      return threads.record.map(callOf);
    },
    clear: () => threads.clear(),
    stop: () => threads.stop(),
  };
}

function callOf(line: string): Call {
  const { environ, body } = JSON.parse(line) as { environ: Record<string, unknown>; body?: string };
  return { environ, body: body === undefined ? undefined : Buffer.from(body, 'latin1') };
}

vectorsIn('on the event loop', onEventLoop);
vectorsIn('in threads', inThreads);
