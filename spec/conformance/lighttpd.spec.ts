/** The CGI gateway as processes that lighttpd starts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../support/compiled.js';
import { killLighttpd, Lighttpd } from '../support/lighttpd.js';
import { requireProgram } from '../support/program.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { CANNOT, EXCEPT, FACTS } from './cgi-limits.js';
import { modulesOfScenarios } from './scenario-modules.js';
import { conformance } from './suite.js';

const MOUNTED = ['E-146.exact', 'E-146.slash', 'E-146.below', 'E-146.beside', 'E-148'];

describe('CGI scripts of lighttpd', function () {
  this.timeout(60_000);
  let lighttpd: Lighttpd;
  let file: string;
  let modules: ReadonlyMap<string, string>;

  before(async function () {
    requireProgram('lighttpd', this);
    modules = await modulesOfScenarios();
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
    // E-046 starts fifty processes at once.
    patience: 55,
    start: async (_app, options, id) => {
      writeFileSync(file, JSON.stringify({ file: modules.get(id), id, options }));
      return { url: lighttpd.url, close: async () => {} };
    },
    cannot: {
      ...CANNOT,
      'same-process': 'the application runs in a process of its own',
      log: 'lighttpd has it',
      'keep-alive': "connections are lighttpd's",
      framing: 'lighttpd adds the length of a script that ends before lighttpd answers',
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
