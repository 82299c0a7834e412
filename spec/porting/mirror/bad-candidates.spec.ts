/** mirror() with candidates that hang, throw, never end, or are too slow, and reports that throw: no client notices, and memory stays bounded. */
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { type MirrorOptions, type MirrorResult, mirror } from '../../../lib/porting/index.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';
import { gate, until } from '../../support/until.js';

const original: Application = (_environ, start_response) => {
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from('fine')];
};

async function site(candidate: Application | string, options: MirrorOptions = {}, first = original) {
  const results: MirrorResult[] = [];
  const report = (result: MirrorResult) => void results.push(result);
  const server = await serveApp(mirror(first, candidate, { report, ...options }));
  const ask = async (init?: RequestInit) =>
    (await fetch(`http://127.0.0.1:${server.serverPort}/`, init)).text();
  return { results, get: () => ask(), ask };
}

describe('mirror with a bad candidate', () => {
  afterEach(closeServers);

  it('that hangs: its time is over, its abort signal fires, and others go on', async () => {
    const aborted = gate();
    let calls = 0;
    const { results, get } = await site(
      (environ, start_response) => {
        if (++calls > 1) return original(environ, start_response);
        environ['node.abort_signal'].addEventListener('abort', () => aborted.open());
        return new Promise(() => {});
      },
      { timeout: 0.05 },
    );
    expect(await get()).to.equal('fine');
    await aborted.promise;
    expect(await get()).to.equal('fine');
    await until(() => results.length === 2);
    expect(results.map(({ candidate }) => candidate?.failure)).to.deep.equal([
      'timed out after 0.05 s',
      undefined,
    ]);
  });

  it('that hangs each time: only so many hang at once', async () => {
    let calls = 0;
    const { results, get } = await site(
      () => {
        calls++;
        return new Promise(() => {});
      },
      { timeout: 0.01, maxQueue: 3, concurrency: 1 },
    );
    const log = await captureLog(async () => {
      for (let i = 0; i < 10; i++) {
        expect(await get()).to.equal('fine');
        await until(() => results.length === Math.min(i + 1, 3));
      }
    });
    expect(calls).to.equal(3);
    expect(log.match(/does not keep up/g)).to.have.length(1);
  });

  it('that throws, at once, later, or in its body', async () => {
    const throwing: Application[] = [
      () => {
        throw new TypeError('at once');
      },
      async () => {
        throw new TypeError('later');
      },
      (_environ, start_response) => {
        start_response('200 OK', []);
        return (function* () {
          yield Buffer.from('');
          throw new TypeError('in its body');
        })();
      },
      () => undefined as never,
      (_environ, start_response) => {
        start_response('200 OK', [['bad name', '']]);
        return [];
      },
    ];
    const failures: unknown[] = [];
    for (const candidate of throwing) {
      const { results, get } = await site(candidate);
      expect(await get()).to.equal('fine');
      await until(() => results.length === 1);
      failures.push(results[0]?.candidate?.failure);
      expect(results[0]?.verdict).to.equal('different');
    }
    expect(failures.slice(0, 4)).to.deep.equal([
      'it threw TypeError: at once',
      'it threw TypeError: later',
      'it threw TypeError: in its body',
      'it did not call start_response',
    ]);
    expect(failures[4]).to.match(/bad name/);
  });

  it('that answers 1 GiB: it is read to the limit, and closed', async () => {
    let sent = 0;
    let closed = 0;
    const block = Buffer.alloc(64 * 1024);
    const { results, get } = await site((_environ, start_response) => {
      start_response('200 OK', []);
      return Object.assign(
        (function* () {
          try {
            for (; sent < 2 ** 30; sent += block.length) yield block;
          } finally {
            closed++;
          }
        })(),
        { close: () => void closed++ },
      );
    });
    expect(await get()).to.equal('fine');
    await until(() => results.length === 1 && closed === 2);
    expect(sent).to.be.lessThan(2 << 20);
    expect(results[0]?.differences.at(-1)).to.deep.equal({
      kind: 'body',
      where: '',
      original: '4 bytes',
      candidate: 'more than 1048576 bytes',
    });
  });

  it('that answers 1 GiB by write(), or never ends its empty blocks', async () => {
    let stopped: unknown;
    const { results, get } = await site(async (_environ, start_response) => {
      const write = start_response('200 OK', []);
      try {
        for (let i = 0; i < 2 ** 14; i++) await write(Buffer.alloc(64 * 1024));
      } catch (error) {
        stopped = error;
      }
      return [];
    });
    await get();
    await until(() => results.length === 1 && stopped !== undefined);
    const endless = await site(
      (_environ, start_response) => {
        start_response('200 OK', []);
        return (function* () {
          for (;;) yield new Uint8Array();
        })();
      },
      { timeout: 0.1 },
    );
    expect(await endless.get()).to.equal('fine');
    expect(await endless.get()).to.equal('fine');
    await until(() => endless.results.length === 2);
    expect(endless.results[0]?.candidate?.failure).to.match(/timed out/);
  });

  it('beside an original with a large answer: both are compared up to the limit', async () => {
    const large =
      (last: string): Application =>
      (_environ, start_response) => {
        start_response('200 OK', []);
        return (function* () {
          for (let i = 0; i < 20; i++) yield Buffer.alloc(1000, 'a');
          yield Buffer.from(last);
        })();
      };
    const { results, get } = await site(large('x'), { maxBody: 5000 }, large('y'));
    expect(await get()).to.have.length(20_001);
    await until(() => results.length === 1);
    expect(results[0]).to.deep.include({
      verdict: 'equal',
      note: 'only the first 5000 bytes were compared',
    });
  });

  it('that is too slow: copies over the bounds are dropped, in number and in bytes', async () => {
    for (const bounds of [{ maxQueue: 3 }, { maxQueueBytes: 12 }]) {
      const go = gate();
      const { results, get } = await site(
        async (environ, start_response) => {
          await go.promise;
          return original(environ, start_response);
        },
        { concurrency: 1, ...bounds },
      );
      const log = await captureLog(async () => {
        for (let i = 0; i < 20; i++) expect(await get()).to.equal('fine');
      });
      expect(log).to.match(/leaves out requests/);
      go.open();
      await until(() => results.length >= 3);
      await get();
      await until(() => (results.at(-1)?.dropped ?? 0) > 10);
      expect(results.length).to.be.lessThan(7);
      // What was dropped left nothing behind: there is room again.
      const before = results.length;
      await get();
      await until(() => results.length > before);
    }
  });

  it('and a report function that throws, rejects, or hangs', async () => {
    let reports = 0;
    const behave = [
      () => {
        throw new Error('report one');
      },
      () => Promise.reject(new Error('report two')),
      () => new Promise(() => {}),
      () => {},
    ];
    const { get } = await site(original, {
      concurrency: 1,
      timeout: 0.05,
      report: () => behave[reports++]?.(),
    });
    const log = await captureLog(async () => {
      for (let i = 0; i < 4; i++) expect(await get()).to.equal('fine');
      await until(() => reports === 4);
    });
    expect(log).to.include('report one');
    expect(log).not.to.include('report two');
  });

  it('and an original that throws, or whose client leaves', async () => {
    const { results, get } = await site(original, {}, () => {
      throw new Error('the original');
    });
    await captureLog(async () => {
      expect(await get()).to.include('500');
      await until(() => results.length === 1);
    });
    expect(results[0]?.original?.failure).to.equal('it threw Error: the original');
    const came = gate();
    const over = gate();
    const left = await site(original, {}, (environ, start_response) => {
      start_response('200 OK', []);
      came.open();
      environ['node.abort_signal'].addEventListener('abort', () => over.open());
      return (async function* () {
        yield Buffer.from('part');
        await over.promise;
      })();
    });
    const cut = left.get().catch(() => {});
    await came.promise;
    await closeServers();
    await cut;
    expect(left.results).to.deep.equal([]);
  });

  it('and an original that throws, or ends too early, in the middle of its answer', async () => {
    const bodies = {
      *throws() {
        yield Buffer.from('par');
        throw new Error('the original');
      },
      *short() {
        yield Buffer.from('par');
      },
    };
    for (const [name, body] of Object.entries(bodies)) {
      const { results, get } = await site(original, {}, (_environ, start_response) => {
        start_response('200 OK', name === 'short' ? [['Content-Length', '4']] : []);
        return body();
      });
      await captureLog(async () => {
        expect(await get().catch(() => 'cut')).to.equal('cut');
        await until(() => results.length === 1);
      });
      expect(results[0]?.verdict).to.equal('different');
      expect(results[0]?.original?.answer?.body).to.include({ size: 3, cut: true });
    }
  });

  it('and a client that leaves while the original writes', async () => {
    const left = new AbortController();
    const ended = gate();
    const { results, get, ask } = await site(original, {}, async (environ, start_response) => {
      if (left.signal.aborted) return original(environ, start_response);
      const write = start_response('200 OK', []);
      left.abort();
      try {
        for (;;) {
          await write(Buffer.from('more'));
          await turn();
        }
      } finally {
        ended.open();
      }
    });
    await captureLog(() => ask({ signal: left.signal }).catch(() => {}));
    await ended.promise;
    expect(await get()).to.equal('fine');
    await until(() => results.length > 0);
    expect(results.map(({ number, verdict }) => [number, verdict])).to.deep.equal([[1, 'equal']]);
  });

  it('and an original that throws because its client has left', async () => {
    for (const method of ['GET', 'HEAD']) {
      for (const part of [false, true]) {
        const left = new AbortController();
        const ended = gate();
        const { results, get, ask } = await site(original, {}, async (environ, start_response) => {
          if (left.signal.aborted) return original(environ, start_response);
          const signal = environ['node.abort_signal'];
          const rest = async () => {
            setImmediate(() => left.abort());
            await delay(10_000, undefined, { signal }).finally(() => ended.open());
          };
          if (!part) await rest();
          start_response('200 OK', []);
          if (method === 'HEAD') await rest();
          return (async function* () {
            yield Buffer.from('part');
            await rest();
          })();
        });
        await captureLog(async () => {
          await ask({ method, signal: left.signal }).catch(() => {});
          await ended.promise;
        });
        expect(await get()).to.equal('fine');
        await until(() => results.length > 0);
        expect(results.map(({ number, verdict }) => [number, verdict])).to.deep.equal([[1, 'equal']]);
      }
    }
  });

  it('leaves out a request with a body that is too large, counts it, and says so once', async () => {
    const echo: Application = async (environ, start_response) => {
      start_response('200 OK', []);
      return [await environ['wsgi.input'].read()];
    };
    const { results, ask } = await site(echo, { methods: ['POST'], maxBody: 4 }, echo);
    const log = await captureLog(async () => {
      for (const body of ['12345', '123456', '1234']) {
        expect(await ask({ method: 'POST', body })).to.equal(body);
      }
      await until(() => results.length === 1);
    });
    expect(results[0]).to.include({ verdict: 'equal', dropped: 2 });
    expect(log.match(/longer than 4 bytes \(maxBody\)/g)).to.have.length(1);
  });
});
