/** `WSGI_CMD_ARGS`: flags from the environment, in words as a shell's (gunicorn's `GUNICORN_CMD_ARGS`, split by shlex). */
import { type CommandLine, parseCommandLine } from './command-line.js';
import { UsageError } from './flags.js';

const VARIABLE = 'WSGI_CMD_ARGS';

/** Below the command line, and above the config file. @throws UsageError */
export function environmentLine(): CommandLine {
  const text = process.env[VARIABLE] ?? '';
  try {
    return parseCommandLine(splitWords(text));
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${VARIABLE}: ${error.message}`) : error;
  }
}

/** The line that both make: what stands on the command line itself wins. */
export function joinLines(below: CommandLine, above: CommandLine): CommandLine {
  const { bind, host, port } = above.server;
  const { bind: _bind, host: _host, port: _port, ...rest } = below.server;
  const placed = bind !== undefined || host !== undefined || port !== undefined;
  return {
    app: above.app ?? below.app,
    args: above.app === undefined ? below.args : above.args,
    server: { ...(placed ? rest : below.server), ...above.server },
    command: { ...below.command, ...above.command },
  };
}

/** A part of a word: as it is, in single quotes, in double quotes, or one character after a backslash. */
const PART = /([^\s'"\\]+)|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|(\s+)|([\s\S])/g;

/** @throws UsageError for a quote that is not closed. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [, bare, single, double, escaped, space, wrong] of text.matchAll(PART)) {
    if (wrong !== undefined) {
      throw new UsageError(
        wrong === '\\' ? 'a backslash at its end escapes nothing' : `a quote (${wrong}) is not closed`,
      );
    }
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= '';
    // In double quotes a backslash escapes itself and the quote (POSIX shell, as shlex has it).
    word += bare ?? single ?? double?.replace(/\\(["\\])/g, '$1') ?? escaped ?? '';
  }
  if (word !== undefined) words.push(word);
  return words;
}
