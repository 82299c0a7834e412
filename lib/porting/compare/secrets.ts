/** Secrets that a recording has lost, put back into its requests. */
import { ConfigError } from '../../errors.js';
import type { RecordedRequest } from '../exchange.js';
import { replaceValues } from './follow/request-values.js';

export class Secrets {
  static readonly NONE = new Secrets(new Map());

  /** By name, in lower case. */
  readonly #values: ReadonlyMap<string, string>;

  private constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /**
   * @param assignments each `NAME=VALUE`: a field of a form or of JSON, a cookie, a header, or the replacement itself that
   * the recording has.
   * @throws ConfigError for text without a name.
   */
  static parse(assignments: readonly string[]): Secrets {
    const values = new Map<string, string>();
    for (const assignment of assignments) {
      const at = assignment.indexOf('=');
      if (at < 1) {
        // Not the text itself: it may be the secret.
        throw new ConfigError(
          '--secret must be NAME=VALUE, where NAME is a field, a cookie, a header or a replacement',
        );
      }
      values.set(assignment.slice(0, at).toLowerCase(), assignment.slice(at + 1));
    }
    return new Secrets(values);
  }

  async putBack(request: RecordedRequest): Promise<RecordedRequest> {
    if (this.#values.size === 0) return request;
    const replaced = await replaceValues(request, (value, name) => this.#replace(value, name));
    const fields = replaced.fields.map(([name, value]) => {
      const key = name.toLowerCase();
      const secret = key === 'cookie' ? undefined : this.#values.get(key);
      return [name, secret ?? value] as const;
    });
    return { ...replaced, fields };
  }

  #replace(value: string, name: string): string {
    return this.#values.get(value.toLowerCase()) ?? this.#values.get(name.toLowerCase()) ?? value;
  }
}
