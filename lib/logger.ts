/** Python's `logging`, as much of it as an application needs: levels, one format, one stream. */
import { inspect } from 'node:util';

const LEVELS = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 } as const;
const NAMES = new Map<number, string>(Object.entries(LEVELS).map(([name, level]) => [level, name]));

/**
 * Writes `LEVEL:name:message` lines to standard error, as a Python logger with `basicConfig` does.
 * A level is a number of Python's `logging`: 10 debug, 20 info, 30 warning, 40 error, 50 critical.
 * Level 10 is also what turns on tracebacks in error pages.
 */
export class Logger {
  readonly name: string;
  level: number = LEVELS.WARNING;
  /** Where the lines go. Default: standard error. */
  stream: { write(text: string): unknown } = process.stderr;

  constructor(name: string) {
    this.name = name;
  }

  /** Messages below `level` are dropped. Default 30, that of the package's own logger 20; a number, or a name of Python's in any case. */
  setLevel(level: number | string): void {
    const value = typeof level === 'string' ? LEVELS[level.toUpperCase() as keyof typeof LEVELS] : level;
    if (typeof value !== 'number' || Number.isNaN(value)) {
      const known = Object.entries(LEVELS).map(([name, number]) => `${name.toLowerCase()} (${number})`);
      throw new TypeError(`Unknown log level ${inspect(level)}: use one of ${known.join(', ')}, or a number`);
    }
    this.level = value;
  }

  isEnabledFor(level: number): boolean {
    return level >= this.level;
  }

  /** True at level 10 and below: error pages then show the stack. */
  get debugging(): boolean {
    return this.level <= LEVELS.DEBUG;
  }

  log(level: number, message: unknown, ...rest: unknown[]): void {
    if (level < this.level) return;
    const text = [message, ...rest]
      .map((part) => (typeof part === 'string' ? part : inspect(part)))
      .join(' ');
    this.stream.write(`${NAMES.get(level) ?? `Level ${level}`}:${this.name}:${text}\n`);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.log(LEVELS.DEBUG, message, ...rest);
  }

  info(message: unknown, ...rest: unknown[]): void {
    this.log(LEVELS.INFO, message, ...rest);
  }

  warning(message: unknown, ...rest: unknown[]): void {
    this.log(LEVELS.WARNING, message, ...rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.log(LEVELS.ERROR, message, ...rest);
  }

  critical(message: unknown, ...rest: unknown[]): void {
    this.log(LEVELS.CRITICAL, message, ...rest);
  }

  /** As `error`, with the stack of `error` below the message. */
  exception(message: unknown, error?: unknown): void {
    if (error === undefined) this.error(message);
    else this.error(`${typeof message === 'string' ? message : inspect(message)}\n${describeThrown(error)}`);
  }
}

/**
 * The stack of an Error, with its causes; anything else that was thrown, as `util.inspect` shows it. A message may
 * hold what a client sent: no line of it can pass for another entry of the log, and nothing drives a terminal. Never
 * throws.
 */
export function describeThrown(error: unknown): string {
  let text: string;
  try {
    text = error instanceof Error ? inspect(error) : `Thrown: ${inspect(error)}`;
  } catch {
    // Getters, proxies and `inspect.custom` are foreign code.
    text = 'Thrown: something that cannot be shown';
  }
  return text.replace(CONTROL, escapeControl).replace(/\n(?! )/g, '\n    ');
}

/** All but tabs and line ends. */
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/g;

function escapeControl(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
}

/** The logger of this package. */
export const logger = new Logger('wsgi');
logger.setLevel(LEVELS.INFO);
