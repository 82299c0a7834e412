/** What to say of an option that is not known: which one was meant, or what to write for one that other servers have. */
import { didYouMean } from '../../option-names.js';

/** Why an option is refused. @param place what has it: a file, for example. */
export function unknownOption(name: string, known: Iterable<string>, place?: string): string {
  const start = place === undefined ? 'There' : `${place}: there`;
  return `${start} is no option ${name}${insteadOf(name) || didYouMean(name, known)}`;
}

const WORKERS = 'that is --workers N here';
const CLASS = 'handlers run on the event loop, or in threads with --threads N';
const PRELOAD =
  'each worker loads the application by itself, so that a reload gets what is new: leave it out';
const SYSTEM = 'let the service manager do that (docs/deploying.md)';

/** What servers of WSGI for Python have and this one does not: gunicorn's flags; its config file has underscores. */
const INSTEAD: Readonly<Record<string, string>> = {
  '--processes': WORKERS,
  '-k': CLASS,
  '--worker-class': CLASS,
  '--worker-connections': '--backlog-requests limits how many requests may wait for a thread',
  '--preload': PRELOAD,
  '--preload-app': PRELOAD,
  '-D': SYSTEM,
  '--daemon': SYSTEM,
  '-u': SYSTEM,
  '--user': SYSTEM,
  '-g': SYSTEM,
  '--group': SYSTEM,
};

/** The end of a sentence about an option that is not known: `: that is --workers N here`, or nothing. */
export function insteadOf(name: string): string {
  const flag = name.startsWith('-') ? name : `--${name.replaceAll('_', '-')}`;
  const text = Object.hasOwn(INSTEAD, flag) ? INSTEAD[flag] : undefined;
  return text === undefined ? '' : `: ${text}`;
}
