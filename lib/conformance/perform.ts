/** One scenario against one gateway: started for it, put through it, stopped, and watched meanwhile. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { logger } from '../logger.js';
import type { GatewayUnderTest } from './gateway-under-test.js';
import type { Capability, Log, Scenario } from './scenario.js';
import { Wire } from './wire.js';

/** Seconds. */
const PATIENCE = 6;

/** @throws what shows that the gateway does not do what the scenario says. */
export async function perform(gateway: GatewayUnderTest, scenario: Scenario): Promise<void> {
  const { cannot = {}, patience = PATIENCE } = gateway;
  const watch = new Watch();
  const wires: Wire[] = [];
  const { app, play } = scenario.stage(gateway.mirror);
  const options = { gracefulTimeout: 0.2, ...scenario.options };
  try {
    const running = await gateway.start(app, options, scenario.id);
    let stopped: Promise<void> | undefined;
    const close = async () => void (await running.close());
    const stop = () => (stopped ??= close());
    const { hostname, port: number } = new URL(running.url);
    const port = Number(number || 80);
    const open = async () => {
      const wire = await Wire.open(port, hostname, patience);
      wires.push(wire);
      return wire;
    };
    const log = new LogQuestions(watch, cannot.log === undefined && cannot['same-process'] === undefined);
    const can = (capability: Capability) => cannot[capability] === undefined;
    const facts = { multithread: false, multiprocess: false, runOnce: false, ...gateway.facts };
    try {
      await play({ port, log, facts, can, open, stop, settled: gateway.settled });
    } finally {
      for (const wire of wires) wire.destroy();
      await stop();
    }
  } finally {
    watch.stop();
  }
  assert.deepEqual(watch.faults, [], `unhandled rejections and process warnings: ${inspect(watch.faults)}`);
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
    if (this.#visible) assert.match(this.#watch.logged, pattern, `log: ${this.#watch.logged}`);
  }

  saysTimes(pattern: RegExp, times: number): void {
    const found = this.#watch.logged.match(new RegExp(pattern, 'g')) ?? [];
    if (this.#visible) assert.equal(found.length, times, `log: ${this.#watch.logged}`);
  }

  never(pattern: RegExp): void {
    if (this.#visible) assert.doesNotMatch(this.#watch.logged, pattern, `log: ${this.#watch.logged}`);
  }

  isSilent(): void {
    if (this.#visible) assert.equal(this.#watch.logged, '', `log: ${this.#watch.logged}`);
  }
}
