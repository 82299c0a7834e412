/** What CPython does, recorded: `vectors/*.json` are `{ python, cases }`; values that JSON cannot carry are written as objects of one key. */
import { readFileSync } from 'node:fs';
import { ROOT } from '../support/source.js';

export interface Case {
  readonly fn: string;
  readonly args?: readonly unknown[];
  readonly kw?: Readonly<Record<string, unknown>>;
  readonly steps?: readonly (readonly unknown[])[];
  readonly out?: unknown;
  readonly err?: { readonly type: string; readonly msg: string };
  readonly [more: string]: unknown;
}

export function casesOf(file: string): Case[] {
  return (JSON.parse(readFileSync(`${ROOT}spec/stdlib/vectors/${file}.json`, 'utf8')) as { cases: Case[] })
    .cases;
}

/** `{b64}` is bytes, `{float}` and `{int}` are numbers (a BigInt above 2^53), `{pairs}` a dict in its order. */
export function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== 'object' || value === null) return value;
  const [[key, inner] = [], ...rest] = Object.entries(value);
  if (key !== undefined && rest.length === 0) {
    if (key === 'b64') return Buffer.from(inner as string, 'base64');
    if (key === 'float') return FLOATS.get(inner as string) ?? Number(inner);
    if (key === 'int') return BigInt(inner as string);
    if (key === 'pairs') {
      const dict = Object.create(null) as Record<string, unknown>;
      for (const [name, one] of inner as [unknown, unknown][]) dict[String(decode(name))] = decode(one);
      return dict;
    }
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, decode(one)]));
}

const FLOATS = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
]);

/** A title for the case: what is called, with what. */
export function titleOf({ fn, args, kw, steps }: Case): string {
  const text = JSON.stringify(steps ?? args ?? []);
  const shown = `${fn}(${text.slice(1, -1)}${kw === undefined ? '' : `, ${JSON.stringify(kw)}`})`;
  return shown.length > 160 ? `${shown.slice(0, 157)}...` : shown;
}
