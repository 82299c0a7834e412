/** Python without Python on the machine: a small site in plain WSGI, in Pyodide. */
import { join } from 'node:path';
import { expect } from 'chai';
import { fromPython } from '../../lib/python/from-python.js';
import { Client } from '../../lib/testing/client.js';
import { APPLICATIONS as chdir } from '../support/python.js';
import { behavesLikeWsgi } from './behaviour.js';

/** It starts for several seconds where other specs run. */
const PATIENCE_MS = 240_000;

describe('an application in Pyodide', () => {
  const env = { WSGI_SPEC: 'from the options' };
  const options = { chdir, python: 'pyodide', threads: 1, timeout: 0, env };
  const app = fromPython('pyodide_behaviour:application', options);
  const client = new Client(app);
  before(async function () {
    this.timeout(PATIENCE_MS);
    await app.ready;
  });
  after(() => app.close());

  const textAt = async (path: string) => (await client.get(path)).text;

  it('says which Pyodide and which Python run, and in how many threads', async () => {
    const { implementation, version, summary } = await app.ready;
    expect(implementation).to.equal('Pyodide');
    expect(summary).to.match(/^Pyodide \d\S*, Python 3\.\d+\.\d+, 1 thread$/);
    expect(summary).to.include(`Python ${version}`);
  });

  behavesLikeWsgi(() => app);

  it('has the folders of the host at their paths, its environment and its process', async () => {
    const file = join(chdir, 'pyodide_behaviour.py');
    expect(await textAt('/facts')).to.equal(`False False ${chdir} from the options ${file} ${process.pid}`);
  });

  it('waits for locks, events and queues as long as it is told, and leaves the processor to others', async () => {
    await textAt('/waits');
    const before = process.cpuUsage();
    expect(await textAt('/waits')).to.equal('None False False False False Empty Empty');
    const { user, system } = process.cpuUsage(before);
    // Seven times 0.3 s.
    expect((user + system) / 1e6).to.be.below(1);
  });

  it('creates files and folders with the umask of the process, or its own', async () => {
    const mask = process.umask();
    const [file, folder, more] = [0o666, 0o777, 0o640].map((mode) => (mode & ~mask).toString(8));
    expect(await textAt('/creates')).to.equal(
      `${file} ${folder} ${more} True ${mask.toString(8)} 600 700 600 True 77 666 777 640 True 0`,
    );
  });

  it('has the key derivations that Pyodide lacks', async () => {
    const [pbkdf2, scrypt, ...failure] = (await textAt('/derives')).split(' ');
    expect(pbkdf2).to.equal('632c2812e46d4604102ba7618e9d6d7d2f8128f6266b4a03264d2a0460b7dcb3');
    expect(scrypt).to.match(/^[0-9a-f]{128}$/);
    expect(failure.join(' ')).to.match(/^ValueError: unsupported hash type nothing/);
  });

  it('survives JSON without end, and says that there are no threads', async () => {
    expect(await textAt('/deep')).to.match(/^(?:RecursionError|JSONDecodeError)/);
    expect(await textAt('/starts-thread')).to.equal("RuntimeError: can't start new thread");
  });
});
