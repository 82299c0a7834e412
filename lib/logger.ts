/** Python's `logging`, as much of it as an application needs: levels, one stream, and how its lines are written. */
import { inspect } from 'node:util';

const LEVELS = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 } as const;
const NAMES = new Map<number, string>(Object.entries(LEVELS).map(([name, level]) => [level, name]));

/** Where log lines go. */
export interface LogStream {
  write(text: string): unknown;
  /** How the lines are written there. Default: plain. */
  readonly style?: LogStyle;
}

/**
 * `plain`: `LEVEL:name:message`. `dated`: the same after the time and the process, `[2026-11-28 13:47:13 +0000] [4711] `, as
 * gunicorn's. `json`: an object a line.
 */
export type LogStyle = 'plain' | 'dated' | 'json';

/** What a line says. */
interface LogEntry {
  readonly level: string;
  readonly logger: string;
  readonly message: string;
  /** Of what was thrown, as `describeThrown` gives it. */
  readonly stack?: string | undefined;
}

/**
 * Writes `LEVEL:name:message` lines to standard error, as a Python logger with `basicConfig` does.
 * A level is a number of Python's `logging`: 10 debug, 20 info, 30 warning, 40 error, 50 critical.
 * Level 10 is also what turns on tracebacks in error pages.
 */
export class Logger {
  readonly name: string;
  level: number = LEVELS.WARNING;
  /** Where the lines go. Default: standard error. */
  stream: LogStream = process.stderr;

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
    this.#write(level, text);
  }

  #write(level: number, message: string, stack?: string): void {
    const entry = { level: NAMES.get(level) ?? `Level ${level}`, logger: this.name, message, stack };
    this.stream.write(logLine(entry, this.stream.style));
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
    else this.thrown(typeof message === 'string' ? message : inspect(message), error);
  }

  /** As `exception`, of anything that was thrown: JavaScript can throw undefined. */
  thrown(message: string, error: unknown): void {
    if (LEVELS.ERROR < this.level) return;
    this.#write(LEVELS.ERROR, message, describeThrown(error));
  }
}

/** A line of the log, with its end. */
export function logLine(entry: LogEntry, style: LogStyle = 'plain'): string {
  const { level, logger: name, message, stack } = entry;
  if (style === 'json') return jsonLine(entry);
  const below = stack === undefined ? '' : `\n${stack}`;
  const start = style === 'dated' ? `[${logTime(new Date())}] [${process.pid}] ` : '';
  return `${start}${level}:${name}:${message}${below}\n`;
}

function jsonLine({ level, logger: name, message, stack }: LogEntry): string {
  const time = new Date().toISOString();
  const fields = { time, level: level.toLowerCase(), logger: name, pid: process.pid, message, stack };
  return `${escapeJson(JSON.stringify(fields))}\n`;
}

/**
 * What a server says of itself on standard output: where it listens, and that it stops.
 * @param style `json`: every line there is an object, for the access log may go there as well.
 */
export function announce(message: string, style: 'text' | 'json'): void {
  if (style === 'text') console.log(message);
  else process.stdout.write(jsonLine({ level: 'INFO', logger: 'wsgi', message }));
}

/** JSON escapes line ends and the other control characters of ASCII, but not these, which drive terminals as well. */
export function escapeJson(json: string): string {
  return json.replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `2026-11-28 13:47:13 +0000`, local time. */
function logTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const east = -time.getTimezoneOffset();
  const zone = `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`;
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')} ${zone}`;
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
