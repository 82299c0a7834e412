/** The conformance suite without a test runner: the scenarios one after the other, with plain results. */
import { setTimeout as wait } from 'node:timers/promises';
import { checkGateway, type GatewayUnderTest, reasonAgainst } from './gateway-under-test.js';
import { perform } from './perform.js';
import type { Scenario } from './scenario.js';
import { scenarios } from './scenarios/index.js';

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

/** @throws ConfigError for a gateway whose description cannot work. A gateway that fails is a result, no error. */
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
  // Whoever lost the race is not listened to any more, so this rejection is nobody's.
  await wait(LIMIT, undefined, { signal });
  throw new Error(`It did not end within ${LIMIT / 1000} seconds`);
}
