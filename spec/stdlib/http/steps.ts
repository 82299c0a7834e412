/** Runs the operations of a recorded case, one after another on one SimpleCookie: `[operation, …arguments]`. */
import { inspect } from 'node:util';
import { Morsel, SimpleCookie } from '../../../lib/stdlib/http/cookies.js';
import { outcomeOf } from '../differences.js';
import { type Case, decode } from '../vectors.js';

type Operation = (cookies: SimpleCookie, ...given: never[]) => unknown;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  load: (c, input: string) => c.load(input),
  keys: (c) => Object.keys(c),
  len: (c) => Object.keys(c).length,
  contains: (c, name: string) => name in c,
  get: (c, name: string) => c.get(name)?.value,
  clear: (c) => c.clear(),
  // By name, as a program writes it: `c[name] = value`.
  set: (c, name: string, value: unknown) => void Reflect.set(c, name, value),
  del: (c, name: string) => void Reflect.deleteProperty(c, name),
  value: (c, name: string) => c[name]?.value,
  attr: (c, name: string, attribute: string, value: unknown) => {
    Reflect.set(c.get(name) ?? {}, attribute, value);
  },
  get_attr: (c, name: string, attribute: string) => Reflect.get(c.get(name) ?? {}, attribute),
  value_encode: (c, value: unknown) => c.value_encode(value),
  value_decode: (c, value: string) => c.value_decode(value),
  output: (c) => c.output(),
  output_header: (c, header: string) => c.output({ header }),
  output_sep: (c, sep: string) => c.output(null, 'Set-Cookie:', sep),
  output_attrs: (c, attrs: string[]) => c.output(attrs),
  OutputString: (c, name: string, ...attrs: string[][]) => c.get(name)?.OutputString(...attrs),
  js: (c, name: string) => c.get(name)?.js_output(),
  str: (c) => String(c),
  repr: (c) => inspect(c),
  isReservedKey: (_, name: string) => new Morsel().isReservedKey(name),
  morsel_set: (_, key: string, value: string, coded: string) => {
    const morsel = new Morsel();
    morsel.set(key, value, coded);
    return morsel.OutputString();
  },
};

export function canRun({ steps = [] }: Case): boolean {
  return steps.every(([name]) => Object.hasOwn(OPERATIONS, String(name)));
}

/** One result each, and then the cookies that there are. */
export function runSteps({ steps = [] }: Case): unknown[] {
  const cookies = new SimpleCookie();
  const results = steps.map(([name, ...given]) => {
    const operation = OPERATIONS[String(name)];
    if (operation === undefined) throw new Error(`no operation ${String(name)}`);
    const outcome = outcomeOf(() => Reflect.apply(operation, undefined, [cookies, ...given.map(decode)]));
    return 'out' in outcome ? (outcome.out ?? null) : outcome;
  });
  return [results, cookies.values().map(stateOf)];
}

function stateOf(morsel: Morsel): unknown {
  const { key, value, coded_value } = morsel;
  return {
    key,
    value,
    coded_value,
    attrs: Object.fromEntries(Object.entries(morsel).filter(([, set]) => set !== '')),
  };
}
