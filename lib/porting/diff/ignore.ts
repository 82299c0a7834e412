/** What a person says is not to be compared: header names, JSON pointers, and regular expressions over text. */
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../../errors.js';

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** `/…/`, `/…/i`: what ends in a slash and flags is never read as a pointer. */
const EXPRESSION = /^\/(.+)\/([gimsuv]*)$/s;
/** What a part that is ignored is replaced with, on both sides alike. */
const MASK = '\u2026';

const FORMS =
  'a header name (ETag), a JSON pointer (/items/*/id), or a regular expression (/[0-9]+ ms/i). header:, pointer: and ' +
  'regexp: in front say which one is meant';

/** Rules to ignore, made by `Ignore.parse`. */
export class Ignore {
  static readonly NOTHING = new Ignore(new Set(), [], []);

  readonly #headers: ReadonlySet<string>;
  readonly #pointers: readonly (readonly string[])[];
  readonly #expressions: readonly RegExp[];

  private constructor(
    headers: ReadonlySet<string>,
    pointers: readonly (readonly string[])[],
    expressions: readonly RegExp[],
  ) {
    this.#headers = headers;
    this.#pointers = pointers;
    this.#expressions = expressions;
  }

  /**
   * @param rules each a header name (`ETag`), a JSON pointer (RFC 6901, with `*` for any one step), or a
   * regular expression (`/[0-9]+ ms/i`) over text of bodies and values. `header:`, `pointer:` or `regexp:` in front says
   * which one, for a pointer that looks like a regular expression (`pointer:/point/v`).
   * @throws ConfigError that names the rule and what is wrong with it.
   */
  static parse(rules: readonly string[]): Ignore {
    const headers = new Set<string>();
    const pointers: string[][] = [];
    const expressions: RegExp[] = [];
    for (const rule of rules) {
      const [, form, text = rule] = /^(header|pointer|regexp):(.*)$/s.exec(rule) ?? [];
      if (form === 'regexp' || (form === undefined && EXPRESSION.test(text))) {
        expressions.push(expressionOf(text, rule));
      } else if (form === 'pointer' || (form === undefined && text.startsWith('/'))) {
        pointers.push(stepsOf(text, rule));
      } else {
        if (!TOKEN.test(text)) throw new ConfigError(`--ignore ${quote(rule)} is not ${FORMS}`);
        headers.add(text.toLowerCase());
      }
    }
    return new Ignore(headers, pointers, expressions);
  }

  /** True for a field that is not compared. */
  header(name: string): boolean {
    return this.#headers.has(name.toLowerCase());
  }

  /** True for a place in JSON that is not compared, because it, or one that it is in, is ignored. */
  pointer(steps: readonly string[]): boolean {
    return this.#pointers.some(
      (rule) => rule.length <= steps.length && rule.every((step, at) => step === '*' || step === steps[at]),
    );
  }

  /** `text`, with the parts that are ignored replaced: equal on both sides if they differ in nothing else. */
  mask(text: string): string {
    let masked = text;
    for (const expression of this.#expressions) masked = masked.replace(expression, MASK);
    return masked;
  }

  /** False if no part of a text is ignored. */
  get masks(): boolean {
    return this.#expressions.length > 0;
  }
}

/**
 * The rules of a file, one a line, without empty lines and those that begin with `#`.
 * @throws ConfigError if it cannot be read, or a rule is wrong; the message names file and line.
 */
export async function readIgnoreFile(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new ConfigError(`The file of --ignore cannot be read: ${error.message}`, { cause: error });
  });
  const rules: string[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const rule = line.trim();
    if (rule === '' || rule.startsWith('#')) continue;
    try {
      Ignore.parse([rule]);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(`${path}, line ${index + 1}: ${error.message}`, { cause: error });
    }
    rules.push(rule);
  }
  return rules;
}

function expressionOf(text: string, rule: string): RegExp {
  const [, source, flags = ''] = EXPRESSION.exec(text) ?? [];
  if (source === undefined) {
    throw new ConfigError(
      `--ignore ${quote(rule)} is not a regular expression: write it between slashes, with flags after it (/[0-9]+ ms/i)`,
    );
  }
  let expression: RegExp;
  try {
    expression = new RegExp(source, flags.includes('g') ? flags : `${flags}g`);
  } catch (error) {
    throw new ConfigError(`--ignore ${quote(rule)}: ${(error as Error).message}`, { cause: error });
  }
  if (''.replace(expression, MASK) !== '') {
    throw new ConfigError(`--ignore ${quote(rule)} matches an empty text, so it would match everywhere`);
  }
  return expression;
}

function stepsOf(text: string, rule: string): string[] {
  if (text !== '' && !text.startsWith('/')) {
    throw new ConfigError(`--ignore ${quote(rule)}: a JSON pointer begins with / (RFC 6901)`);
  }
  if (/~(?![01])/.test(text)) {
    throw new ConfigError(`--ignore ${quote(rule)}: in a JSON pointer ~ is ~0, and / is ~1 (RFC 6901)`);
  }
  const steps = text.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function quote(rule: string): string {
  return JSON.stringify(rule);
}
