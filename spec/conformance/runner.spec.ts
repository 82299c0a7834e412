/** The conformance suite as the author of another gateway has it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import {
  type ConformanceResult,
  conformance,
  type GatewayUnderTest,
  runConformance,
  scenarios,
  type TestRunner,
} from '../../lib/conformance/index.js';
import type { Application, Bytes } from '../../lib/environ/types.js';
import { makeServer } from '../../lib/server/server.js';

/** Only these, so that the suite does not run in whole once more. */
function only(ids: readonly string[], reason = 'not asked for'): Record<string, string> {
  return Object.fromEntries(scenarios.filter(({ id }) => !ids.includes(id)).map(({ id }) => [id, reason]));
}

const ours: GatewayUnderTest = {
  start: async (app, options) => {
    const server = await makeServer('127.0.0.1', 0, app, options);
    return { url: server.address, close: () => server.close() };
  },
};

/** A gateway of its own kind, as a beginner would write it: the whole body first, no close(), no rules. */
const naive: GatewayUnderTest = {
  name: 'naive',
  start: async (app: Application) => {
    const server = createServer(async (message, response) => {
      const environ = Object.assign(Object.create(null), {
        REQUEST_METHOD: message.method,
        PATH_INFO: message.url,
      });
      const body: Bytes[] = [];
      const result = await app(environ, (status, headers) => {
        response.writeHead(Number(status.slice(0, 3)), headers.flat());
        return () => {};
      });
      for await (const block of result) body.push(block);
      response.end(Buffer.concat(body));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: () => {
        server.close();
        server.closeAllConnections();
      },
    };
  },
};

/** Declares tests without running them. */
function recorder(): { runner: TestRunner; titles: string[]; tests: (() => Promise<void>)[] } {
  const titles: string[] = [];
  const tests: (() => Promise<void>)[] = [];
  const it = (title: string, test: () => Promise<void>) => {
    titles.push(title);
    tests.push(test);
  };
  const skip = (title: string) => titles.push(`skipped ${title}`);
  const runner: TestRunner = {
    describe: (title, suite) => [titles.push(title), suite()],
    it: Object.assign(it, { skip }),
  };
  return { runner, titles, tests };
}

const byId = (results: ConformanceResult[], id: string) => results.find((result) => result.id === id);

describe('runConformance', () => {
  it('gives a result for each scenario, in their order', async () => {
    const results = await runConformance({ ...ours, except: only(['A-001', 'E-015.http10']) });
    expect(results.map(({ id }) => id)).to.deep.equal(scenarios.map(({ id }) => id));
    expect(results.filter(({ outcome }) => outcome === 'failed')).to.deep.equal([]);
    const passed = results.filter(({ outcome }) => outcome === 'passed');
    expect(passed.map(({ rows, message }) => [rows[0], message])).to.deep.equal(
      passed.map(({ id }) => [id.slice(0, 5), '']),
    );
    expect(passed.length).to.be.above(0);
    expect(results.find(({ outcome }) => outcome === 'skipped')?.message).to.equal('not asked for');
  });

  it('tells what a gateway does wrong, and why', async () => {
    const wanted = ['A-068', 'A-120', 'E-222', 'A-021.generator'];
    const asked = scenarios.map(({ id }) => id).filter((id) => wanted.includes(id));
    const results = await runConformance({ ...naive, except: only(asked), cannot: { log: 'it has none' } });
    const failed = results.filter(({ outcome }) => outcome === 'failed');
    expect(failed.length).to.be.above(0);
    for (const { message, error } of failed) {
      expect(message).not.to.equal('');
      expect(error).to.be.instanceOf(Error);
    }
  });

  it('goes on after a gateway that does not start', async () => {
    const results = await runConformance({
      start: () => Promise.reject(new Error('port taken')),
      except: only(['A-120', 'E-222']),
    });
    expect([byId(results, 'A-120')?.message, byId(results, 'E-222')?.message]).to.deep.equal([
      'port taken',
      'port taken',
    ]);
  });

  it('skips what the gateway cannot do', async () => {
    const cannot = Object.fromEntries(
      ['same-process', 'options', 'raw-http', 'keep-alive'].map((name) => [name, `no ${name}`]),
    );
    const results = await runConformance({
      ...ours,
      cannot,
      except: only(scenarios.filter(({ needs }) => needs.length > 0).map(({ id }) => id)),
    });
    for (const { id, needs } of scenarios) {
      const reason = needs.map((need) => cannot[need]).find((why) => why !== undefined);
      if (reason !== undefined) expect(byId(results, id)).to.include({ outcome: 'skipped', message: reason });
    }
  }).timeout(120_000);

  it('refuses a description that would be ignored', async () => {
    const gateways: object[] = [
      { start: undefined },
      { ...ours, cannot: { stream: 'typo' } },
      { ...ours, except: { 'A-999': 'typo' } },
    ];
    const errors = await Promise.all(
      gateways.map((gateway) => runConformance(gateway as GatewayUnderTest).catch((error) => String(error))),
    );
    expect(errors[0]).to.match(/has a function start/);
    expect(errors[1]).to.match(/cannot names 'stream', which is not one of raw-http, /);
    expect(errors[2]).to.match(/except names 'A-999', which is the id of no scenario/);
  });
});

describe('conformance', () => {
  it('declares a test for each scenario, with the runner that it is given', async () => {
    const { runner, titles, tests } = recorder();
    conformance({ ...ours, name: 'ours', except: only(['A-120'], 'left out') }, runner);
    expect(titles[0]).to.equal('conformance of ours');
    expect(titles).to.have.length(scenarios.length + 1);
    expect(titles.filter((title) => !title.startsWith('skipped')).slice(1)).to.have.length(1);
    expect(titles[1]).to.match(/^skipped .*: .* \(not here: left out\)$/);
    await tests[0]?.();
  });

  it('runs them: a test of a gateway that fails, fails', async () => {
    const { runner, tests } = recorder();
    conformance({ start: () => Promise.reject(new Error('port taken')), except: only(['A-120']) }, runner);
    const message = await tests[0]?.().catch((error) => error.message);
    expect(message).to.equal('port taken');
  });
});
