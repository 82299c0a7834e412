/** The CGI gateway, in this process behind a small bridge; lighttpd.spec.ts has it as processes. */
import { PassThrough } from 'node:stream';
import { TextErrorStream } from '../../lib/environ/error-stream.js';
import type { Application } from '../../lib/environ/types.js';
import { logger } from '../../lib/logger.js';
import { CgiExchange } from '../../lib/server/cgi/cgi-exchange.js';
import { CgiOutput } from '../../lib/server/cgi/cgi-output.js';
import { resolveCgiOptions } from '../../lib/server/options/gateway-options.js';
import type { ResolvedOptions } from '../../lib/server/options/options.js';
import { CgiBridge, type Script } from '../support/cgi-bridge.js';
import { CANNOT, EXCEPT, FACTS } from './cgi-limits.js';
import { conformance } from './suite.js';

conformance({
  name: 'the CGI gateway',
  start: async (app, { scriptName, ...options }) => {
    const resolved = resolveCgiOptions(options);
    const bridge = await CgiBridge.open((variables) => runHere(app, variables, resolved), scriptName);
    return { url: `http://127.0.0.1:${bridge.port}`, close: () => bridge.close() };
  },
  cannot: {
    ...CANNOT,
    'sync-flush': 'the bridge lives in the process that is blocked: spec/server/cgi shows it',
  },
  except: EXCEPT,
  facts: FACTS,
});

/** As a process would, with streams in place of standard input and output. */
function runHere(app: Application, variables: ReadonlyMap<string, string>, options: ResolvedOptions): Script {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const output = new CgiOutput(stdout);
  const errors = new TextErrorStream({ write: (text) => logger.stream.write(text) });
  const exchange = new CgiExchange({ variables, openInput: () => stdin, output, errors }, options);
  exchange.run(app);
  exchange.finished.then(() => stdout.end());
  return { stdin, stdout, kill: () => stdout.destroy() };
}
