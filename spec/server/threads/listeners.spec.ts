/** What many threads, and many servers, add to what a process has but once: its standard streams and its signals. */
import type { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Command, killCommands } from '../../support/command.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { Threads } from './support.js';

const SCRIPT = fileURLToPath(new URL('../fixtures/thread-script.mjs', import.meta.url));

/** Listeners of each event. */
function listeners(emitter: EventEmitter): Record<string, number> {
  return Object.fromEntries(emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]));
}

const ofProcess = () => [process, process.stdout, process.stderr].map(listeners);

describe('the listeners of a process', () => {
  afterEach(async () => {
    await closeServers();
    await killCommands();
    removeTemporaryFolders();
  });

  it('are no more with threads than without', async () => {
    // The first threads of a process add what all of them share.
    await (await Threads.start({ threads: 1 })).stop();
    const before = ofProcess();
    const threads = await Threads.start({ threads: 3 });
    const meanwhile = ofProcess();
    await threads.stop();
    expect(meanwhile).to.deep.equal(before);
    expect(ofProcess()).to.deep.equal(before);
  });

  it('are no more with twelve servers and their log files than with one', async () => {
    const folder = temporaryFolder();
    const start = (name: string) =>
      serveApp(() => [], {
        accessLogfile: join(folder, `${name}.access`),
        errorLogfile: join(folder, `${name}.error`),
      });
    const before = ofProcess();
    await start('first');
    const withOne = ofProcess();
    for (let i = 0; i < 11; i++) await start(`other-${i}`);
    expect(ofProcess()).to.deep.equal(withOne);
    await closeServers();
    expect(ofProcess()).to.deep.equal(before);
  });

  it('bring no warning of a leak with 12 threads, whose first lines all come out', async () => {
    const command = new Command([], { script: SCRIPT, plain: true, env: { THREADS: '12' } });
    await until(() => command.stdout.split('before run()').length === 14, 'the first line of each thread');
    await command.address();
    command.child.kill('SIGTERM');
    await command.exit();
    expect(command.stderr).to.equal('');
  }).timeout(60_000);
});
