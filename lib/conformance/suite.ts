/** The conformance suite: the tests of a runner, or plain results without one. */
import { setTimeout as wait } from 'node:timers/promises';
import { ConfigError } from '../errors.js';
import { checkGateway, type GatewayUnderTest, reasonAgainst } from './gateway-under-test.js';
import { perform } from './perform.js';
import type { Scenario } from './scenario.js';
import { scenarios } from './scenarios/index.js';

/** What test runners of the `describe` kind have: mocha, Jest, Vitest, `node:test`. */
export interface TestRunner {
  readonly describe: (title: string, suite: () => void) => unknown;
  readonly it: TestFunction;
}

interface TestFunction {
  (title: string, test: () => Promise<void>): unknown;
  readonly skip: (title: string, test: () => Promise<void>) => unknown;
}

/**
 * Declares one test for each scenario.
 *
 *     conformance({ name: 'makeServer', start: async (app, options) => ({ url, close }) });
 *
 * @param runner default: the global `describe` and `it`, as mocha has them.
 * @throws ConfigError where there are none (see `runConformance`), or for a gateway whose description cannot work.
 */
export function conformance(gateway: GatewayUnderTest, runner: TestRunner = globalRunner()): void {
  checkGateway(gateway);
  const { describe, it } = runner;
  describe(`conformance of ${gateway.name ?? 'the gateway'}`, () => {
    for (const scenario of scenarios) {
      const title = `${scenario.id}: ${scenario.name}`;
      const reason = reasonAgainst(gateway, scenario);
      const test = () => perform(gateway, scenario);
      if (reason === undefined) it(title, test);
      else it.skip(`${title} (not here: ${reason})`, test);
    }
  });
}

function globalRunner(): TestRunner {
  const { describe, it } = globalThis as Partial<TestRunner>;
  if (typeof describe === 'function' && typeof it === 'function') return { describe, it };
  throw new ConfigError(
    'conformance() declares tests, and there is no describe and it here: run it under mocha, pass it those of ' +
      'node:test as its second argument, or await runConformance() for plain results',
  );
}

/** Milliseconds after which a scenario that does not end has failed. */
const LIMIT = 20_000;

export interface ConformanceResult {
  /** What `except` would call the scenario. */
  readonly id: string;
  /** A sentence: what a conformant gateway does. */
  readonly name: string;
  /** The rows of the checklist that it shows. */
  readonly rows: readonly string[];
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped; empty if it passed. */
  readonly message: string;
  /** What was thrown, if it failed. */
  readonly error?: unknown;
}

/**
 * Runs the scenarios, one after the other.
 * @throws ConfigError for a gateway whose description cannot work. One that fails is a result, not an error.
 */
export async function runConformance(gateway: GatewayUnderTest): Promise<ConformanceResult[]> {
  checkGateway(gateway);
  const results: ConformanceResult[] = [];
  for (const scenario of scenarios) results.push(await resultOf(gateway, scenario));
  return results;
}

async function resultOf(gateway: GatewayUnderTest, scenario: Scenario): Promise<ConformanceResult> {
  const { id, name, covers } = scenario;
  const about = { id, name, rows: [rowOf(id), ...covers] };
  const reason = reasonAgainst(gateway, scenario);
  if (reason !== undefined) return { ...about, outcome: 'skipped', message: reason };
  const limit = new AbortController();
  try {
    await Promise.race([perform(gateway, scenario), tooLong(limit.signal)]);
    return { ...about, outcome: 'passed', message: '' };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ...about, outcome: 'failed', message, error };
  } finally {
    limit.abort();
  }
}

/** The row: an id without what tells several scenarios of it apart. */
export function rowOf(id: string): string {
  return id.slice(0, 5);
}

async function tooLong(signal: AbortSignal): Promise<never> {
  // The race is over then, so no one sees this rejection.
  await wait(LIMIT, undefined, { signal });
  throw new Error(`It did not end within ${LIMIT / 1000} seconds`);
}
