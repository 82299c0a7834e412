/** A process of spec-process.ts: runs spec files with mocha, one after the other as it is told, and reports each. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import Mocha from 'mocha';
import { brokenResult, type Failure, type Result } from './messages.js';
import { needsNetwork } from './plan.js';

const { Base } = Mocha.reporters;
const ROOT = process.cwd();
const { timeout, forbidOnly } = JSON.parse(readFileSync(join(ROOT, '.mocharc.json'), 'utf8')) as {
  timeout: number;
  forbidOnly: boolean;
};

/** Of what goes over the network. Node 20 reads them at each start, which takes twice as long as all else in it. */
const { NODE_EXTRA_CA_CERTS } = process.env;

process.on('message', async (file: string) => {
  if (needsNetwork(file) && NODE_EXTRA_CA_CERTS !== undefined)
    process.env['NODE_EXTRA_CA_CERTS'] = NODE_EXTRA_CA_CERTS;
  else delete process.env['NODE_EXTRA_CA_CERTS'];
  const began = performance.now();
  const before = processorTime();
  const result = await run(file).catch((error: unknown) =>
    brokenResult(file, 'The file cannot be loaded', inspect(error)),
  );
  const took = (performance.now() - began) / 1000;
  process.send?.({ ...result, took, used: processorTime() - before } satisfies Result);
});

async function run(file: string): Promise<Omit<Result, 'took' | 'used'>> {
  const mocha = new Mocha({ timeout, forbidOnly, reporter: Silent });
  mocha.addFile(join(ROOT, 'out', file.replace(/\.ts$/, '.js')));
  await mocha.loadFilesAsync();
  const failed: Mocha.Test[] = [];
  const stats = await new Promise<Mocha.Stats | undefined>((resolve) => {
    const runner = mocha.run(() => resolve(runner.stats));
    runner.on('fail', (test) => failed.push(test));
  });
  // Takes its listeners off the process.
  mocha.dispose();
  if (stats === undefined) throw new Error('mocha counted nothing');
  return { file, passed: stats.passes, skipped: stats.pending, failures: failed.map(failureOf) };
}

/** Prints nothing, but prepares failures for `Base.list`, as every reporter does. */
class Silent extends Base {}

function failureOf(test: Mocha.Test): Failure {
  const { consoleLog } = Base;
  let text = '';
  Base.consoleLog = (...values) => {
    text += `${format(...values)}\n`;
  };
  try {
    Base.list([test]);
  } finally {
    Base.consoleLog = consoleLog;
  }
  return { title: test.fullTitle(), text: text.trimEnd() };
}

/** In seconds. On Linux with that of all processes that it started, and that ended. */
function processorTime(): number {
  try {
    const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ') ?? [];
    // utime, stime, cutime and cstime, in ticks of 10 ms (proc(5)).
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }
}
