/** The CGI gateway: in this process behind a small bridge, and as processes that lighttpd starts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { TextErrorStream } from '../../lib/environ/error-stream.js';
import type { Application } from '../../lib/environ/types.js';
import { logger } from '../../lib/logger.js';
import { CgiExchange } from '../../lib/server/cgi/cgi-exchange.js';
import { resolveCgiOptions } from '../../lib/server/cgi/cgi-options.js';
import { CgiOutput } from '../../lib/server/cgi/cgi-output.js';
import type { ResolvedOptions } from '../../lib/server/options.js';
import { CgiBridge, type Script } from '../support/cgi-bridge.js';
import { compile } from '../support/compiled.js';
import { killLighttpd, Lighttpd } from '../support/lighttpd.js';
import { requireProgram } from '../support/program.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { conformance } from './suite.js';

const CANNOT = {
  'raw-http': 'the web server parses requests',
  expect: 'the web server answers Expect: 100-continue',
  server: 'the web server is the server',
  closes: "connections are the web server's",
  timeout: 'the web server ends silent requests',
  http10: 'the web server answers HTTP/1.0',
  pipelining: 'the web server has the requests of a connection one after the other',
  'early-hints': 'CGI has no interim responses',
  cuts: 'CGI has no word for a response that was cut short',
} as const;

const EXCEPT = {
  'A-133.off': "the header Server is the web server's",
  'E-048': 'CGI tells the length of a body that came in chunks',
};

const MOUNTED = ['E-146.exact', 'E-146.slash', 'E-146.below', 'E-146.beside', 'E-148'];

const FACTS = { multiprocess: true, runOnce: true };

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
describe('CGI scripts of lighttpd', function () {
  this.timeout(60_000);
  let lighttpd: Lighttpd;
  let file: string;

  before(async function () {
    requireProgram('lighttpd', this);
    const script = compile('spec/support/cgi-scenario.ts');
    file = join(temporaryFolder(), 'scenario.json');
    lighttpd = await Lighttpd.start(script, { SCENARIO: file });
  });

  after(async () => {
    await killLighttpd();
    removeTemporaryFolders();
  });

  conformance({
    name: 'runCgi under lighttpd',
    start: async (_app, options, id) => {
      writeFileSync(file, JSON.stringify({ id, options }));
      return { url: lighttpd.url, close: async () => {} };
    },
    cannot: {
      ...CANNOT,
      'same-process': 'the application runs in a process of its own',
      log: 'lighttpd has it',
      'keep-alive': "connections are lighttpd's",
      reason: 'lighttpd has reasons of its own',
      'header-case': 'lighttpd puts lines of one name together',
    },
    except: {
      ...EXCEPT,
      'E-019': 'lighttpd has reasons of its own',
      'E-036': 'lighttpd normalizes paths',
      'E-165': 'lighttpd says CONTENT_LENGTH=0 where there is none',
      'E-181': 'lighttpd makes one variable of X-B and X_B',
      'A-093': 'lighttpd makes chunks of what it reads at a time',
      'A-168': 'lighttpd waits for the whole body before it starts a script',
      'A-219': 'lighttpd leaves out a header that is empty',
      ...Object.fromEntries(MOUNTED.map((row) => [row, 'lighttpd has the script at its root'])),
    },
    facts: FACTS,
  });
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
