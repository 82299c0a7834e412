/** One option: what the table of options says of it. */
import type * as kinds from './option-kinds.js';

export type Group =
  | 'Server socket'
  | 'Threads'
  | 'Timeouts'
  | 'Limits'
  | 'Logging'
  | 'TLS'
  | 'Environ'
  | 'WebSocket'
  | 'Command';

interface Entry {
  readonly group: Group;
  /** One sentence, with the unit and what 0 or nothing means; the default is added from the table. */
  readonly doc: string;
  /** With dashes, the usual one first; none: not on the command line. */
  readonly flags?: readonly string[];
  /** gunicorn's name in a config file, where it is not this name in snake_case. */
  readonly gunicorn?: string;
  /** Command options only: a config file may set it too. */
  readonly inConfigFile?: boolean;
}

export interface Option<T = unknown, D = unknown> extends Entry {
  readonly kind: kinds.Kind<T>;
  readonly default: D;
  readonly flags: readonly string[];
}

export function option<T, D extends T | undefined>(
  kind: kinds.Kind<T>,
  initial: D,
  entry: Entry,
): Option<T, D> {
  return { flags: [], ...entry, kind, default: initial };
}
