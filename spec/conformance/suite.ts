/**
 * The conformance suite: one table of scenarios that every gateway and every mode of this package runs.
 *
 *     conformance({ name: 'makeServer', start: async (app, options) => ({ url, close }) });
 */
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { logger } from '../../lib/logger.js';
import type { ServerOptions } from '../../lib/server/options.js';
import type { Capability, Facts, Log, Scenario } from './scenario.js';
import { scenarios } from './scenarios/index.js';
import { Wire } from './wire.js';

export interface Running {
  /** `http://127.0.0.1:PORT` */
  url: string;
  close(): Promise<void>;
}

export interface GatewayUnderTest {
  name: string;
  /** `id` tells a gateway that cannot take a closure which scenario to load. */
  start(app: Application, options: ServerOptions, id: string): Promise<Running>;
  /** What the gateway cannot show, and why not. */
  cannot?: Partial<Record<Capability | 'log', string>>;
  /** Scenarios, by their id, that it cannot show for a reason of its own. */
  except?: Readonly<Record<string, string>>;
  facts?: Partial<Facts>;
}

export function conformance(gateway: GatewayUnderTest): void {
  describe(`conformance of ${gateway.name}`, () => {
    for (const scenario of scenarios) {
      const title = `${scenario.id}: ${scenario.name}`;
      const reason =
        gateway.except?.[scenario.id] ??
        scenario.needs.map((need) => gateway.cannot?.[need]).find((why) => why !== undefined);
      if (reason === undefined) it(title, () => perform(gateway, scenario));
      else {
        it(`${title} (not here: ${reason})`, function () {
          this.skip();
        });
      }
    }
  });
}

async function perform(gateway: GatewayUnderTest, scenario: Scenario): Promise<void> {
  const { cannot = {} } = gateway;
  const watch = new Watch();
  const wires: Wire[] = [];
  const { app, play } = scenario.stage();
  const options = { gracefulTimeout: 0.2, ...scenario.options };
  try {
    const running = await gateway.start(app, options, scenario.id);
    let stopped: Promise<void> | undefined;
    const stop = () => (stopped ??= running.close());
    const port = Number(new URL(running.url).port);
    const open = async () => {
      const wire = await Wire.open(port);
      wires.push(wire);
      return wire;
    };
    const log = new LogQuestions(watch, cannot.log === undefined && cannot['same-process'] === undefined);
    const can = (capability: Capability) => cannot[capability] === undefined;
    const facts = { multithread: false, multiprocess: false, runOnce: false, ...gateway.facts };
    try {
      await play({ port, log, facts, can, open, stop });
    } finally {
      for (const wire of wires) wire.destroy();
      await stop();
    }
  } finally {
    watch.stop();
  }
  expect(watch.faults, 'unhandled rejections and process warnings').to.deep.equal([]);
}

/** What must not happen while a scenario runs, and what the gateway logs meanwhile. */
class Watch {
  readonly faults: unknown[] = [];
  logged = '';
  readonly #stream = logger.stream;
  readonly #fault = (fault: unknown) => void this.faults.push(fault);

  constructor() {
    process.on('unhandledRejection', this.#fault);
    process.on('warning', this.#fault);
    logger.stream = { write: (line) => (this.logged += line) };
  }

  stop(): void {
    process.removeListener('unhandledRejection', this.#fault);
    process.removeListener('warning', this.#fault);
    logger.stream = this.#stream;
  }
}

class LogQuestions implements Log {
  readonly #watch: Watch;
  readonly #visible: boolean;

  constructor(watch: Watch, visible: boolean) {
    this.#watch = watch;
    this.#visible = visible;
  }

  says(pattern: RegExp): void {
    if (this.#visible) expect(this.#watch.logged, 'log').to.match(pattern);
  }

  saysTimes(pattern: RegExp, times: number): void {
    const found = this.#watch.logged.match(new RegExp(pattern, 'g')) ?? [];
    if (this.#visible) expect(found, `log: ${this.#watch.logged}`).to.have.length(times);
  }

  never(pattern: RegExp): void {
    if (this.#visible) expect(this.#watch.logged, 'log').not.to.match(pattern);
  }

  isSilent(): void {
    if (this.#visible) expect(this.#watch.logged, 'log').to.equal('');
  }
}
