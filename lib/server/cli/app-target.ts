/** Reads `MODULE:CALLABLE`, gunicorn's way to name an application. */
import { inspect } from 'node:util';
import { ConfigError } from '../../errors.js';

export interface AppTarget {
  readonly module: string;
  /** Dotted path in the exports; empty: `application`, else the default export. */
  readonly names: readonly string[];
  /** Arguments of a factory; undefined: the callable is the application itself. */
  readonly args: readonly unknown[] | undefined;
}

// The first colon that a callable follows: C:\app.mjs:app has another one before it, and arguments may hold more.
const TARGET =
  /^(?<module>.+?)(?::(?<path>[\p{L}_$][\p{L}\p{N}_$]*(?:\.[\p{L}_$][\p{L}\p{N}_$]*)*)(?:\((?<args>.*)\))?)?$/su;

export function parseTarget(target: string): AppTarget {
  const { module, path, args } = TARGET.exec(target)?.groups ?? {};
  if (module === undefined || /:[^\\/]*$/.test(module.replace(/^[A-Za-z]:(?=[\\/])/, ''))) {
    throw new ConfigError(
      `${inspect(target)} does not name an application: write MODULE, MODULE:CALLABLE or MODULE:FACTORY(ARGUMENTS)`,
    );
  }
  return {
    module,
    names: path?.split('.') ?? [],
    args: args === undefined ? undefined : parseArguments(args),
  };
}

/** Literals only, as gunicorn: JSON, and strings in single quotes too, since shells take the double ones. */
function parseArguments(text: string): unknown[] {
  const json = text.replace(/"(?:\\.|[^"\\])*"|'((?:\\.|[^'\\])*)'/gs, (literal, single?: string) =>
    single === undefined ? literal : `"${single.replace(/\\'/g, "'").replace(/(?<!\\)"/g, '\\"')}"`,
  );
  try {
    return JSON.parse(`[${json}]`) as unknown[];
  } catch {
    throw new ConfigError(
      `The arguments of a factory must be literals such as "text", 1, true or null, not (${text})`,
    );
  }
}
