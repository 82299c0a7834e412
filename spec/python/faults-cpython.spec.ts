/** Handlers in Python that end badly: only their own request suffers, and the log says it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { fromPython, type PythonApplication } from '../../lib/python/from-python.js';
import { isAlive } from '../support/is-alive.js';
import { APPLICATIONS as chdir, requirePython } from '../support/python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { CLI, NODE_OPTIONS } from '../support/source.js';
import { until } from '../support/until.js';

describe('a handler in Python that ends badly', () => {
  let app: PythonApplication;
  let url: string;
  before(async function () {
    requirePython(this);
    app = fromPython('behaviour:application', { chdir, python: 'python3', threads: 2, timeout: 1 });
    await app.ready;
  });
  beforeEach(async () => {
    url = (await serveApp(app, { timeout: 0 })).address;
  });
  afterEach(closeServers);
  after(() => app?.close());

  const get = (path: string) => fetch(url + path);
  const statusOf = async (path: string) => (await get(path)).status;
  const pid = async () => Number(await (await get('/whoami')).text());

  it('is answered with 500 when it calls sys.exit, and its process goes on', async () => {
    const before = await pid();
    const log = await captureLog(async () => expect(await statusOf('/exits')).to.equal(500));
    expect(log).to.match(/GET \/exits: Error in the application[\s\S]*SystemExit: 3/);
    expect(await pid()).to.equal(before);
  });

  it('is answered with 500 when it calls itself without end', async () => {
    const log = await captureLog(async () => expect(await statusOf('/recursion')).to.equal(500));
    expect(log).to.match(/RecursionError/);
  });

  it('is answered with 500 when it ends its process, which is replaced', async () => {
    const before = await pid();
    const log = await captureLog(async () => {
      expect(await statusOf('/ends-process')).to.equal(500);
      await until(async () => (await pid()) !== before, 'another process');
    });
    expect(log).to.match(
      /GET \/ends-process: Error in the application[\s\S]*The Python process ended: exit code 3/,
    );
    expect(log).to.match(/The Python process \d+ ended: exit code 3\. Another one is started/);
  });

  it('is cut off when its process is killed, which is replaced', async () => {
    const log = await captureLog(async () => {
      const before = await pid();
      const begun = await get('/begins');
      process.kill(before, 'SIGKILL');
      const rest = await begun.text().catch((error: Error) => error);
      expect(rest).to.be.instanceOf(Error);
      await until(async () => (await pid()) !== before, 'another process');
    });
    expect(log).to.match(/The Python process \d+ ended: signal SIGKILL/);
  });

  it('gets KeyboardInterrupt after its time, so that its finally blocks run', async () => {
    const log = await captureLog(async () => expect(await statusOf('/loops')).to.equal(500));
    expect(log).to.match(/GET \/loops: finally ran/);
    expect(log).to.match(/The application sent nothing for 1 s \(timeout\)[\s\S]*KeyboardInterrupt/);
    expect(await statusOf('/')).to.equal(200);
  });

  it('is found by Python, and told of once, where its gateway waits no longer', async () => {
    const { address } = await serveApp(app, { timeout: 1 });
    const statuses: number[] = [];
    const log = await captureLog(async () => {
      // The two watches look at other times at each of them.
      for (let n = 0; n < 3; n++) {
        statuses.push((await fetch(`${address}/loops`)).status);
        await sleep(n * 100);
      }
    });
    expect(statuses).to.deep.equal([500, 500, 500]);
    expect(log.match(/ERROR/g)).to.have.length(3);
    expect(log.match(/sent nothing for 1 s/g)).to.have.length(3);
  });

  it('is found by the gateway, where it is middleware that goes on after Python', async () => {
    const { address } = await serveApp(
      async (environ, start_response) => {
        await app(environ, start_response);
        return new Promise(() => {});
      },
      { timeout: 1 },
    );
    const log = await captureLog(async () => expect((await fetch(`${address}/whoami`)).status).to.equal(500));
    expect(log).to.match(/The application sent nothing for 1 s/);
  });

  it('is ended with its process when it does not obey, and the other requests of that are served', async () => {
    const before = await pid();
    const log = await captureLog(async () => {
      const stubborn = statusOf('/stubborn');
      const beside = await statusOf('/slow?0.5');
      expect(beside).to.equal(200);
      expect(await stubborn).to.equal(500);
      await until(() => !isAlive(before), 'the end of the process');
    });
    expect(log).to.match(/GET \/stubborn: not now/);
    expect(log).to.match(/sent nothing for 1 s \(timeout\): its process is ended/);
    expect(await statusOf('/')).to.equal(200);
  });
});

describe('a Node that is killed', () => {
  const children: ChildProcess[] = [];
  before(function () {
    requirePython(this);
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('leaves no Python behind', async () => {
    const options = ['-b', '127.0.0.1:0', '--threads', '2', '--python', 'python3'];
    const args = [...NODE_OPTIONS, CLI, 'behaviour:application', ...options];
    const node = spawn(process.execPath, args, { cwd: chdir, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(node);
    let text = '';
    node.stdout?.on('data', (part: Buffer) => (text += part));
    await until(() => /Server started at \S+/.test(text), 'the start');
    const address = /Server started at (\S+)/.exec(text)?.[1];
    const python = Number(await (await fetch(`${address}/whoami`)).text());
    expect(isAlive(python)).to.equal(true);
    node.kill('SIGKILL');
    await once(node, 'exit');
    await until(() => !isAlive(python), 'the end of Python');
  });
});
