/** Servers that a comparison starts for a pass: fresh each time, and gone after it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { compare } from '../../../lib/porting/compare/compare.js';
import { parseTarget } from '../../../lib/porting/compare/target/target.js';
import type { Result } from '../../../lib/porting/report/result.js';
import { isAlive } from '../../support/is-alive.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

/** Says which processes it has before it serves. */
const SERVER = `
import { createServer } from 'node:http';
createServer((request, response) => response.end(process.argv[3])).listen(process.argv[2], '127.0.0.1');
`;

const COUNTER = `
let count = 0;
export function app(environ, start_response) {
  start_response('200 OK', [['Content-Type', 'application/json']]);
  return [Buffer.from(JSON.stringify({ count: ++count, threads: environ['node.nonblocking'] !== true }))];
}
`;

async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: Error) => error.message,
  );
}

describe('a target', function () {
  this.timeout(60_000);
  let folder = '';

  before(() => {
    folder = temporaryFolder();
    writeFileSync(join(folder, 'server.mjs'), SERVER);
    writeFileSync(join(folder, 'counter.mjs'), COUNTER);
    writeFileSync(join(folder, 'list.txt'), 'GET /\nGET /\n');
  });

  after(removeTemporaryFolders);

  it('that is a command is started on a free port, and ended with all that it has started', async () => {
    const script = join(folder, 'server.mjs');
    // The shell has a child in the background, which would outlive it.
    const command = `sleep 300 & "${process.execPath}" "${script}" {port} $!`;
    const server = await parseTarget(command, '--original').start();
    const background = Number(await (await fetch(server.url)).text());
    expect(isAlive(background)).to.equal(true);
    expect(server.fault()).to.equal(undefined);
    await server.stop();
    await until(() => !isAlive(background), 'the end of the child');
    expect(await failureOf(fetch(server.url))).to.include('fetch failed');
  });

  it('gets none of the ports that a system gives to clients, which one could have before it listens', async () => {
    const server = await parseTarget(
      `"${process.execPath}" "${join(folder, 'server.mjs')}" {port}`,
      '',
    ).start();
    expect(Number(server.url.port)).to.be.within(20_000, 32_000);
    await server.stop();
  });

  it('that ends says how, with what it wrote', async () => {
    const command = 'echo there is no table items >&2; exit 3 # {port}';
    const message = await failureOf(parseTarget(command, '--original').start());
    expect(message).to.match(/^--original: the command .* ended with exit code 3 before it served:\n/);
    expect(message).to.include('there is no table items');
  });

  it('that never listens is given up', async () => {
    const target = parseTarget('exec sleep 300 # {port}', '--candidate', { startTimeout: 0.3 });
    expect(await failureOf(target.start())).to.include(
      'did not accept a connection within 0.3 s (--start-timeout)',
    );
  });

  it('stops to wait when it is told to', async () => {
    const stop = new AbortController();
    const starting = parseTarget('exec sleep 300 # {port}', '--candidate').start(stop.signal);
    setImmediate(() => stop.abort(new Error('enough')));
    expect(await failureOf(starting)).to.match(/enough|aborted/);
  });

  it('that is a URL has to answer', async () => {
    const target = parseTarget('http://127.0.0.1:1', '--original');
    expect(await failureOf(target.start())).to.include('nothing accepts connections at http://127.0.0.1:1');
  });

  const wrong: [text: string, message: string][] = [
    ['python3 site.py', 'needs {port}'],
    ['http://127.0.0.1:8000/?x=1', 'is not the URL of a server'],
    ['https://', 'is not the URL of a server'],
    ['app.mjs:no-name', 'is not a target'],
  ];
  for (const [text, message] of wrong) {
    it(`refuses ${text}`, () => {
      expect(() => parseTarget(text, '--original')).to.throw(message);
    });
  }

  it('refuses threads for what it does not serve itself', () => {
    expect(() => parseTarget('http://127.0.0.1:1', '--original', { threads: 2 })).to.throw('runs already');
    expect(() => parseTarget('serve {port}', '--candidate', { threads: 2 })).to.throw('--threads');
  });

  it('that is an application has fresh state in each pass, on the event loop or in threads', async () => {
    const results: Result[] = [];
    const target = `${join(folder, 'counter.mjs')}:app`;
    const counts = await compare(join(folder, 'list.txt'), {
      original: target,
      candidate: target,
      candidateThreads: 1,
      noisePasses: 1,
      ignore: ['/threads'],
      onresult: (result) => void results.push(result),
    });
    expect(results.flatMap(({ differences, noise }) => [...differences, ...noise])).to.deep.equal([]);
    expect(counts).to.include({ equal: 2, different: 0, drift: 0 });
  });

  it('is not started if the reset command fails', async () => {
    const message = await failureOf(
      compare(join(folder, 'list.txt'), {
        original: 'http://127.0.0.1:1',
        candidate: 'http://127.0.0.1:1',
        reset: 'echo no such backup >&2; exit 4',
      }),
    );
    expect(message).to.match(/^--reset: the command .* ended with exit code 4:\n {2}no such backup$/);
  });
});
