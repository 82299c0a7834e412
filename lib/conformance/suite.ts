/**
 * The conformance suite: one table of scenarios that every gateway and every mode of this package runs, and that any
 * other gateway can.
 *
 *     conformance({ name: 'makeServer', start: async (app, options) => ({ url, close }) });
 */
import { ConfigError } from '../errors.js';
import { checkGateway, type GatewayUnderTest, reasonAgainst } from './gateway-under-test.js';
import { perform } from './perform.js';
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
    'conformance() declares tests, and there is no describe and it here: run it under mocha, hand it those of ' +
      'node:test as its second argument, or await runConformance() for plain results',
  );
}
