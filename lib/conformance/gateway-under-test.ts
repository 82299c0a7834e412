/** How the author of a gateway describes it: how it starts, and what it cannot do, with the reason. */
import { inspect } from 'node:util';
import type { Application } from '../environ/types.js';
import { ConfigError } from '../errors.js';
import type { ServerOptions } from '../server/options/options.js';
import { CAPABILITIES, type Capability, type Facts, type Mirror, type Scenario } from './scenario.js';
import { scenarios } from './scenarios/index.js';

/** A gateway that serves one application, until it is closed. */
export interface Running {
  /** Where it listens: `http://127.0.0.1:PORT`. Cleartext, for the scenarios send bytes. */
  readonly url: string;
  /** Ends it, open connections included. Called once. */
  close(): Promise<unknown> | unknown;
}

export interface GatewayUnderTest {
  /** For the report. Default: `the gateway`. */
  readonly name?: string | undefined;
  /**
   * Starts the gateway with an application; called once for each scenario.
   * @param options in the words of `makeServer`; a gateway without them says so with `cannot.options`.
   * @param id tells a gateway that cannot take a closure (it runs the application elsewhere) which scenario to load.
   */
  start(app: Application, options: ServerOptions, id: string): Promise<Running> | Running;
  /** What the gateway cannot show, and why not. Scenarios that need it are skipped. */
  readonly cannot?: Readonly<Partial<Record<Capability | 'log', string>>> | undefined;
  /** Scenarios, by their id, that it cannot show for a reason of its own. */
  readonly except?: Readonly<Record<string, string>> | undefined;
  /** Its flags in environ. Default: all false. */
  readonly facts?: Partial<Facts> | undefined;
  /** Where the application runs in another thread or process: shows here what it records there. */
  readonly mirror?: Mirror | undefined;
  /**
   * Seconds that a scenario waits for what has to come. Default: 6. More is for gateways that start a process for each
   * request, and for machines that do much else.
   */
  readonly patience?: number | undefined;
  /** With `mirror`: waits until the application is done with what it was asked. */
  settled?(): Promise<void>;
}

/** @throws ConfigError for what would silently change nothing: an unknown capability, or the id of no scenario. */
export function checkGateway({ start, cannot = {}, except = {} }: GatewayUnderTest): void {
  if (typeof start !== 'function') {
    throw new ConfigError(
      `A gateway under test has a function start(app, options, id), not ${inspect(start)}`,
    );
  }
  const known: readonly string[] = [...CAPABILITIES, 'log'];
  for (const name of Object.keys(cannot)) {
    if (!known.includes(name)) {
      throw new ConfigError(`cannot names ${inspect(name)}, which is not one of ${known.join(', ')}`);
    }
  }
  for (const id of Object.keys(except)) {
    if (!scenarios.some((scenario) => scenario.id === id)) {
      throw new ConfigError(`except names ${inspect(id)}, which is the id of no scenario`);
    }
  }
}

/** Why a scenario is not for this gateway; undefined if it is. */
export function reasonAgainst({ cannot, except }: GatewayUnderTest, scenario: Scenario): string | undefined {
  return (
    except?.[scenario.id] ?? scenario.needs.map((need) => cannot?.[need]).find((why) => why !== undefined)
  );
}
