/** The passes of a comparison, one after the other, and the verdict on each exchange once they are over. */
import { ConfigError } from '../../errors.js';
import { Ignore } from '../diff/ignore.js';
import type { Exchange } from '../exchange.js';
import { Secrets } from '../replacement.js';
import type { Result } from '../report/result.js';
import { type JudgeOptions, judge } from './judge.js';
import type { Meaning } from './noise.js';
import { Recording } from './recording.js';
import { Spool } from './replay/spool.js';
import { type Seen, Side, type SideOptions } from './side.js';
import { ChildGroup } from './target/child-group.js';
import type { Target } from './target/target.js';

export interface ComparisonOptions {
  readonly original: Target;
  readonly candidate: Target;
  /** A second original, where the first one is a server that runs already. */
  readonly noise?: Target | undefined;
  /** How often the original is asked again to find out what varies by itself. Default: 1. */
  readonly noisePasses?: number | undefined;
  /** A command of the shell that runs before each pass, and puts back what passes change. */
  readonly reset?: string | undefined;
  /** Compares hop-by-hop fields, framing and version too. Default: false. */
  readonly wire?: boolean | undefined;
  readonly ignore?: Ignore | undefined;
  readonly secrets?: Secrets | undefined;
  /** What requests name as their host. Default: that of a URL with a name of its own, else what the recorded ones named. */
  readonly host?: string | undefined;
  /** Checks the certificates of https URLs. Default: true. */
  readonly verify?: boolean | undefined;
  /** Seconds for an answer to begin, and for each block of it. Default: 30. */
  readonly timeout?: number | undefined;
  /** Stops it: all that it started ends, and it throws the reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each request that was sent. @param all how many there will be, of all passes. @param pass against what. */
  readonly onprogress?: ((done: number, all: number, pass: string) => void) | undefined;
  /** Gets each exchange in the order in which it was sent. What it returns is awaited. */
  readonly onresult?: ((result: Result) => void | Promise<void>) | undefined;
  /** Awaited after the last result; bodies of results can be read until it is done: writes a report, for example. */
  readonly onend?: (() => void | Promise<void>) | undefined;
  /** Told of what is not an error, and yet was hardly meant: a secret that nothing has asked for. */
  readonly onwarning?: ((sentence: string) => void) | undefined;
}

/** How many exchanges there were of each verdict. */
export interface Counts {
  readonly equal: number;
  readonly different: number;
  readonly drift: number;
  readonly skipped: number;
  /** Of those, with differences that were left out, because the original differs from itself there. */
  readonly noise: number;
}

interface Pass {
  /** For a person who waits. */
  readonly name: string;
  readonly target: Target;
  readonly spool: Spool<Seen>;
  readonly twice: boolean;
}

const TIMEOUT_S = 30;
const NOTHING_KNOWN: Meaning = () => new Set();

/**
 * Each pass replays the whole archive, one request after the other in the order in which they were sent, against a server
 * that was started for it: the original, the original again (what differs then is noise), the candidate.
 * @param exchanges of an archive (`readExchanges`).
 * @throws ConfigError if a server does not start or `reset` fails; the reason of `signal` if it stops.
 */
export async function runComparison(
  exchanges: AsyncIterable<Exchange>,
  options: ComparisonOptions,
): Promise<Counts> {
  const recording = await Recording.read(exchanges, options.signal);
  const passes = planPasses(options);
  try {
    const sides: Side[] = [];
    const all = recording.length * passes.length;
    for (const [index, pass] of passes.entries()) {
      const start = index * recording.length;
      sides.push(
        await runPass(recording, pass, options, (done) => options.onprogress?.(start + done, all, pass.name)),
      );
    }
    const counts = await judgeAll(recording, passes, sides, options);
    await options.onend?.();
    return counts;
  } finally {
    for (const { spool } of passes) spool.close();
    recording.close();
  }
}

/** The first is the original, the last the candidate. */
function planPasses({ original, candidate, noise, noisePasses = 1 }: ComparisonOptions): Pass[] {
  const other = noise ?? (original.fresh ? original : undefined);
  const again = other === undefined ? [] : Array.from({ length: noisePasses }, () => other);
  // A server that is not started afresh would get each change twice.
  const twice = other === undefined && noisePasses > 0;
  const targets = [original, ...again, candidate];
  return targets.map((target, index) => ({
    name: index === 0 ? 'original' : index < targets.length - 1 ? 'original again' : 'candidate',
    target,
    spool: new Spool<Seen>(),
    twice: twice && index === 0,
  }));
}

async function runPass(
  recording: Recording,
  { target, spool, twice }: Pass,
  options: ComparisonOptions,
  onprogress: (done: number) => void,
): Promise<Side> {
  const { reset, signal, timeout = TIMEOUT_S, secrets = new Secrets([]), host, verify = true } = options;
  signal?.throwIfAborted();
  if (reset !== undefined) await runReset(reset, signal);
  const server = await target.start(signal);
  const sideOptions: SideOptions = { timeout, host, verify, secrets, twice, signal };
  const side = new Side(server, spool, recording.wanted, sideOptions);
  try {
    for await (const planned of recording) {
      signal?.throwIfAborted();
      await side.replay(planned);
      onprogress(planned.index + 1);
    }
    await side.finish();
    return side;
  } finally {
    side.close();
    await server.stop();
  }
}

async function runReset(command: string, signal: AbortSignal | undefined): Promise<void> {
  const child = ChildGroup.shell(command);
  const ended = await child.end(signal);
  signal?.throwIfAborted();
  if (ended !== 'with exit code 0') {
    throw new ConfigError(`--reset: the command ${JSON.stringify(command)} ended ${ended}${child.tail()}`);
  }
}

async function judgeAll(
  recording: Recording,
  passes: readonly Pass[],
  sides: readonly Side[],
  { wire = false, ignore = Ignore.NOTHING, signal, onresult, onwarning }: ComparisonOptions,
): Promise<Counts> {
  const meanings = sides.map(
    ({ follower }): Meaning =>
      (value) =>
        follower.meaningOf(value),
  );
  const [first = NOTHING_KNOWN, last = NOTHING_KNOWN] = [meanings[0], meanings.at(-1)];
  const judging: JudgeOptions = {
    wire,
    ignore,
    original: first,
    candidate: last,
    wanted: recording.wanted,
    hasCookies: recording.hasCookies,
  };
  const counts = { equal: 0, different: 0, drift: 0, skipped: 0, noise: 0 };
  let unstable = 0;
  for await (const planned of recording) {
    signal?.throwIfAborted();
    const seen: Seen[] = [];
    for (const { spool } of passes) seen.push(await spool.get(planned.index));
    const [original, candidate] = [seen[0], seen.at(-1)];
    if (original === undefined || candidate === undefined) continue;
    const again = original.again === undefined ? [] : [{ observed: original.again, meaning: first }];
    const others = [
      ...again,
      ...seen
        .slice(1, -1)
        .map(({ observed }, index) => ({ observed, meaning: meanings[index + 1] ?? NOTHING_KNOWN })),
    ];
    const result = await judge({ planned, original, candidate, others }, judging);
    counts[result.verdict]++;
    if (result.noise.length > 0) counts.noise++;
    const { answer } = original.observed;
    if (others.some(({ observed }) => observed.answer?.status !== answer?.status)) unstable++;
    await onresult?.(result);
  }
  if (unstable > 0) {
    onwarning?.(
      `The original gave ${unstable === 1 ? 'one request' : `${unstable} requests`} another status when it was asked again, ` +
        'so little of them was compared. Does it keep state, in a database for example? --reset COMMAND puts it back',
    );
  }
  return counts;
}

/**
 * 0: something was compared, and all of it is equal. 1: something differs, or drifted. 2: nothing was compared.
 * @param allowDrift drift is shown, and does not count. Default: false.
 */
export function exitCodeOf({ equal, different, drift }: Counts, allowDrift = false): 0 | 1 | 2 {
  if (different > 0) return 1;
  if (equal === 0) return drift > 0 && !allowDrift ? 1 : 2;
  return drift > 0 && !allowDrift ? 1 : 0;
}
