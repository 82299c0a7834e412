/** Which spec files run where: on each Node or once, beside many others or few, and which begin first. */

/** They need a browser, a web server, Redis or Python besides Node, or compile or install: once is enough. */
const ONCE = [
  /^spec\/(?:package|rooms|documents-types)\.spec/,
  /^spec\/deploying\//,
  /^spec\/browser\//,
  /^spec\/proxies\//,
  /lighttpd/,
  /werkzeug/,
  /cpython/,
  /(conformance|vectors|faults|command|snapshot|rooms|pages|websockets|traffic|connections|messages|slow-clients)-pyodide/,
  /redis/,
];

/** They need the virtual environment of Python. */
const PYTHON = [/cpython/, /werkzeug/, /(command|pages|websockets)-pyodide/];

/** They load packages from a registry, over a proxy with certificates of its own where there is one. */
const NETWORK = [/^spec\/package\.spec/];

/** They measure memory or processor time, or are about time itself: fewer of them run at once. */
const APART = [
  /^spec\/faults\/(memory|slow-clients)\.spec/,
  /^spec\/security\/growth\.spec/,
  /^spec\/python\/memory-cpython\.spec/,
  /^spec\/server\/(websocket\/heartbeat|http\/timeouts)\.spec/,
  /^spec\/server\/threads\/(ends|stop)\.spec/,
  /^spec\/server\/topics\/slow\.spec/,
  /^spec\/server\/workers\/(deaths|under-load)\.spec/,
];

/** They register tsx, which then also changes modules that other files load: their process runs no other. */
const LAST = [/^spec\/server\/cli\/(load-app|config-file)\.spec/];

/** The longest first, so that none of them is what the others wait for at the end. Those of Python come after them. */
const LONG = [
  'spec/traffic/random-traffic.spec.ts',
  'spec/python/frameworks/pages-cpython.spec.ts',
  'spec/python/frameworks/pages-pyodide.spec.ts',
  'spec/python/frameworks/websockets-cpython.spec.ts',
  'spec/python/frameworks/strangler-cpython.spec.ts',
  'spec/server/cli/reload.spec.ts',
  // Waits, mostly: others may run meanwhile.
  'spec/server/http/timeouts.spec.ts',
  'spec/server/threads/stop.spec.ts',
  'spec/conformance/lighttpd.spec.ts',
  'spec/examples/examples.spec.ts',
  'spec/conformance/threads.spec.ts',
  'spec/environ/form/werkzeug.spec.ts',
  'spec/server/vectors.spec.ts',
  'spec/python/command-cpython.spec.ts',
  'spec/python/conformance-cpython.spec.ts',
  'spec/python/command-pyodide.spec.ts',
  'spec/python/conformance-pyodide.spec.ts',
  'spec/python/snapshot-pyodide.spec.ts',
  'spec/server/cli/cli.spec.ts',
  'spec/porting/pairs/pairs-cpython.spec.ts',
  'spec/porting/mirror/threads.spec.ts',
  'spec/server/topics/modes.spec.ts',
  'spec/browser/demo.spec.ts',
  'spec/faults/memory.spec.ts',
];

export interface Job {
  /** Path from the root of the project, of TypeScript. */
  readonly file: string;
  /** Place in the list of Nodes. */
  readonly node: number;
  /** Few others may run beside it. */
  readonly apart: boolean;
}

/** In their order. @param nodes how many. What runs once does so on the last: the newest, as a rule, starts fastest. */
export function planOf(files: readonly string[], nodes: number): readonly Job[] {
  const jobs = [...files].sort(longestFirst).flatMap((file): Job[] => {
    const apart = matches(APART, file);
    if (matches(ONCE, file)) return [{ file, node: nodes - 1, apart }];
    return Array.from({ length: nodes }, (_, node) => ({ file, node, apart }));
  });
  return [...jobs.filter(({ apart }) => !apart), ...jobs.filter(({ apart }) => apart)];
}

/** No other file may run in the process after this one. */
export function isLast(file: string): boolean {
  return matches(LAST, file);
}

function matches(patterns: readonly RegExp[], file: string): boolean {
  return patterns.some((pattern) => pattern.test(file));
}

/** All others talk to this machine only. */
export function needsNetwork(file: string): boolean {
  return matches(NETWORK, file);
}

/** It waits until the virtual environment of Python has been made. */
export function needsPython(file: string): boolean {
  return matches(PYTHON, file);
}

function longestFirst(a: string, b: string): number {
  return rank(a) - rank(b) || a.localeCompare(b);
}

function rank(file: string): number {
  const place = LONG.indexOf(file);
  if (needsPython(file)) return LONG.length + (place === -1 ? LONG.length : place);
  return place === -1 ? 2 * LONG.length : place;
}
