/** Which fields of forms, JSON and queries hold a secret, by their name. */

/** `password`, `new_password1`, `user[password]`, `passwd`, `passwort`, `pwd`, `passphrase`; `pass` as a word. */
const PASSWORD =
  /passw|passphrase|passcode|pwd|(?:^|[^a-z])pass(?:[^a-z]|$)|contrase|mot_?de_?passe|kennwort/i;

/** What a login gives for `Authorization`: replaced where it is given, else it would not be found where it is sent. */
const TOKEN =
  /^(?:token|jwt|bearer)$|(?:access|refresh|id|auth|api|session|bearer)[_-]?(?:token|key)$|(?:^|[_-])secret$/i;

export class FieldNames {
  readonly #more: ReadonlySet<string>;

  /** @param more names that are secrets here, in any case. */
  constructor(more: readonly string[] = []) {
    this.#more = new Set(more.map((name) => name.toLowerCase()));
  }

  isSecret(name: string): boolean {
    // Of `user[address][pin]` the last part may be meant too.
    const last = /\[([^\]]*)\]$/.exec(name)?.[1] ?? name;
    return (
      PASSWORD.test(name) ||
      TOKEN.test(last) ||
      this.#more.has(name.toLowerCase()) ||
      this.#more.has(last.toLowerCase())
    );
  }
}
