/** `npm run soak -- --minutes 30 --mode threads --seed 1`: random traffic for as long as it is told. */
import { parseArgs } from 'node:util';
import { removeTemporaryFolders } from '../spec/support/temporary-folder.js';
import { MODES, type ModeName } from '../spec/traffic/modes.js';
import type { Measure } from '../spec/traffic/server.js';
import { runTraffic } from '../spec/traffic/traffic.js';

const REPORT_EVERY_MS = 10_000;
const MINUTE = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    mode: { type: 'string', default: 'all' },
    seed: { type: 'string', default: process.env['WSGI_SEED'] ?? String(Date.now() % 1_000_000) },
  },
});
const names = Object.keys(MODES) as ModeName[];
const modes = values.mode === 'all' ? names : names.filter((name) => name === values.mode);
const minutes = Number(values.minutes);
if (modes.length === 0 || !(minutes > 0)) {
  console.error(
    `soak: --mode is all or one of ${names.join(', ')}; --minutes is a number, of all modes together`,
  );
  process.exit(2);
}

function shown({ memory, heap, descriptors, cpu }: Measure): string {
  const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  return `${mib(memory)} resident, ${mib(heap)} heap, ${descriptors} descriptors, ${cpu} % CPU at rest`;
}

console.log(`Seed ${values.seed}, Node ${process.version}`);
let failed = false;
for (const mode of modes) {
  const end = Date.now() + (minutes * MINUTE) / modes.length;
  let next = Date.now() + REPORT_EVERY_MS;
  const onWave = (wave: number, answers: number) => {
    if (Date.now() < next) return;
    next = Date.now() + REPORT_EVERY_MS;
    console.log(`${mode}: wave ${wave}, ${answers} answers`);
  };
  try {
    const tally = await runTraffic({ mode, seed: values.seed, goesOn: () => Date.now() < end, onWave });
    console.log(`${mode}: ${tally.waves} waves, ${tally.answers} answers, all right`);
    console.log(`  after the warm-up: ${shown(tally.before)}\n  at the end:        ${shown(tally.after)}`);
  } catch (error) {
    failed = true;
    console.error(`${mode}: ${(error as Error).message}`);
  }
}
removeTemporaryFolders();
process.exit(failed ? 1 : 0);
