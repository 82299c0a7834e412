/** What one entry of the conformance table is: a request, an application, and what must result. */
import assert from 'node:assert/strict';
import type { Application } from '../environ/types.js';
import type { ServerOptions } from '../server/options/options.js';
import { get } from './messages.js';
import type { RawResponse, Reply } from './responses.js';
import type { Wire } from './wire.js';

/** What a scenario may ask of a gateway beyond PEP 3333 itself. */
export const CAPABILITIES = [
  /** Requests reach it byte by byte: it is what parses HTTP/1, and refuses what is not. */
  'raw-http',
  /** The target of the request reaches it as it was sent. */
  'raw-target',
  /** Its responses to HTTP/1.0 are those of an HTTP/1.0 server. */
  'http10',
  'keep-alive',
  /** Requests of one connection are served one after the other. */
  'pipelining',
  /** Each block is sent before the next is asked for. */
  'streaming',
  /** ... even while the application blocks the event loop. */
  'sync-flush',
  'back-pressure',
  /** It learns that a client went away. */
  'abort',
  /** It can cut a response short, and what was sent before arrives. */
  'cuts',
  /** It can close the connection after a response that is complete. Where it cannot, this is not checked. */
  'closes',
  /** It decides when `100 Continue` is sent. */
  'expect',
  'early-hints',
  /** Reason phrases are sent as the application gave them. */
  'reason',
  /** Response headers keep the case of their names, and their order. */
  'header-case',
  /** It decides on the framing of responses: a web server in front may find out a length that the application never gave. */
  'framing',
  /** HEAD, 204 and 304 are sent with exactly the headers that the interpreter decided on. */
  'exact-head',
  /** The application runs in the process of the suite: what it records can be read, gates can be opened. */
  'same-process',
  /** It takes options: those of environ and of limits. */
  'options',
  /** It ends requests on which nothing moves. */
  'timeout',
  /** It is a server: it stops gracefully, keeps connections for a time, has log files. */
  'server',
] as const;

export type Capability = (typeof CAPABILITIES)[number];

/** The gateway's flags in environ. */
export interface Facts {
  multithread: boolean;
  multiprocess: boolean;
  runOnce: boolean;
}

/** What the gateway logged. Where that cannot be seen, every question is answered with yes. */
export interface Log {
  says(pattern: RegExp): void;
  /** How often, exactly. */
  saysTimes(pattern: RegExp, times: number): void;
  never(pattern: RegExp): void;
  isSilent(): void;
}

/** What a scenario plays on. */
export interface Stage<S = unknown> {
  readonly port: number;
  readonly seen: S;
  readonly log: Log;
  readonly facts: Facts;
  can(capability: Capability): boolean;
  open(): Promise<Wire>;
  /** Stops the gateway. */
  stop(): Promise<void>;
  /** See `GatewayUnderTest`. */
  settled?: (() => Promise<void>) | undefined;
}

/** Where the application runs elsewhere: what it records into there, or what shows that here. */
export type Mirror = <S extends object>(seen: S) => S;

/** What came back, with the first response by itself. */
export interface Outcome extends Reply {
  readonly first: RawResponse;
  /** Its body as latin-1. */
  readonly body: string;
  /** Its body, taken for JSON. */
  readonly json: unknown;
  readonly log: Log;
  readonly facts: Facts;
  can(capability: Capability): boolean;
}

interface Plan<S> {
  /** The row of the checklist; what comes after a dot tells several scenarios of one row apart. */
  id: string;
  /** A sentence in the present. */
  name: string;
  /** Further rows that it shows. */
  covers?: string[];
  needs?: Capability[];
  options?: ServerOptions;
  /** What the application records into, made afresh for each run. */
  record?: () => S;
  app: (seen: S) => Application;
  /** Default: `GET /`. Several are sent at once. */
  request?: string | Buffer | (string | Buffer)[];
  /** Final responses to expect. Default: one for each request. */
  responses?: number;
  /** What happens to the connection. Default: it is kept, and the last request on it is answered once more. */
  connection?: 'kept' | 'closed' | 'either';
  check?: (outcome: Outcome, seen: S) => unknown;
  /** In place of request and check: the whole exchange. */
  play?: (stage: Stage<S>) => Promise<void>;
}

export interface Scenario {
  readonly id: string;
  readonly name: string;
  readonly covers: readonly string[];
  readonly needs: readonly Capability[];
  readonly options: ServerOptions | undefined;
  /** Builds the application, and what plays on it. */
  stage(mirror?: Mirror): { app: Application; play(stage: Omit<Stage, 'seen'>): Promise<void> };
}

export function scenario<S = Record<string, never>>(plan: Plan<S>): Scenario {
  const needs = new Set(plan.needs);
  if (plan.record !== undefined) needs.add('same-process');
  if (plan.options !== undefined) needs.add('options');
  return {
    id: plan.id,
    name: plan.name,
    covers: plan.covers ?? [],
    needs: [...needs],
    options: plan.options,
    stage: (mirror = same) => {
      const seen = plan.record === undefined ? ({} as S) : mirror(plan.record() as S & object);
      return {
        app: plan.app(seen),
        play: (stage) => {
          const full: Stage<S> = { ...stage, seen };
          return plan.play === undefined ? follow(plan, full) : plan.play(full);
        },
      };
    },
  };
}

function same<S>(seen: S): S {
  return seen;
}

async function follow<S>(plan: Plan<S>, stage: Stage<S>): Promise<void> {
  const { request = get(), connection = 'kept' } = plan;
  const requests = Array.isArray(request) ? request : [request];
  const count = plan.responses ?? requests.length;
  const wire = await stage.open();
  wire.send(...requests);
  await wire.responses(count);
  if (connection === 'closed' && stage.can('closes')) await wire.closed();
  const { reply } = wire;
  assert.equal(reply.responses.map(({ status }) => status).length, count);
  const outcome = outcomeOf(reply, stage);
  await stage.settled?.();
  await plan.check?.(outcome, stage.seen);
  if (connection === 'kept' && stage.can('keep-alive')) await again(wire, requests.at(-1) ?? '', reply);
}

function outcomeOf(reply: Reply, { log, facts, can }: Pick<Stage, 'log' | 'facts' | 'can'>): Outcome {
  const first = reply.responses[0] as RawResponse;
  return {
    ...reply,
    first,
    log,
    facts,
    can,
    get body() {
      return first.body.toString('latin1');
    },
    get json() {
      return JSON.parse(first.body.toString('utf8'));
    },
  };
}

/** The connection is still good for the same request once more, and nothing was left over on it. */
async function again(wire: Wire, request: string | Buffer, before: Reply): Promise<void> {
  assert.equal(wire.ended, false, 'the connection is kept');
  const last = before.responses.at(-1) as RawResponse;
  assert.match(last.headers['connection'] ?? 'keep-alive', /^keep-alive$/i);
  const count = before.responses.length + 1;
  wire.send(request);
  const { length, [count - 1]: next } = await wire.responses(count);
  assert.equal(length, count, `${length} responses after one more request`);
  assert.equal(next?.status, last.status, `status of the next response: ${next?.status}`);
  assert.equal(next?.complete, true, 'the next response is complete');
}
