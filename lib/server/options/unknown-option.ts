/** What to say of an option that is not known: which one was meant, or what to write for one that other servers have. */
import { didYouMean } from '../../option-names.js';

/** Why an option is refused. @param place what has it: a file, for example. */
export function unknownOption(name: string, known: Iterable<string>, place?: string): string {
  const start = place === undefined ? 'There' : `${place}: there`;
  return `${start} is no option ${name}${insteadOf(name) || didYouMean(name, known)}`;
}

const WORKERS =
  'one process serves here. Write --threads N for handlers in parallel, or start several processes behind a proxy (docs/deploying.md)';
const CLASS = 'handlers run on the event loop, or in threads with --threads N';
const SYSTEM = 'let the service manager do that (docs/deploying.md)';
const ROTATE = 'a thread that dies is replaced, and nothing else is restarted: leave it out';

/** What servers of WSGI for Python have and this one does not: gunicorn's flags; its config file has underscores. */
const INSTEAD: Readonly<Record<string, string>> = {
  '-w': WORKERS,
  '--workers': WORKERS,
  '--processes': WORKERS,
  '-k': CLASS,
  '--worker-class': CLASS,
  '--worker-connections': '--backlog-requests limits how many requests may wait for a thread',
  '--max-requests': ROTATE,
  '--max-requests-jitter': ROTATE,
  '--preload': 'the application is loaded before the server listens: leave it out',
  '--preload-app': 'the application is loaded before the server listens: leave it out',
  '-D': SYSTEM,
  '--daemon': SYSTEM,
  '-u': SYSTEM,
  '--user': SYSTEM,
  '-g': SYSTEM,
  '--group': SYSTEM,
};

/** The end of a sentence about an option that is not known: `: one process serves here. …`, or nothing. */
export function insteadOf(name: string): string {
  const flag = name.startsWith('-') ? name : `--${name.replaceAll('_', '-')}`;
  const text = Object.hasOwn(INSTEAD, flag) ? INSTEAD[flag] : undefined;
  return text === undefined ? '' : `: ${text}`;
}
