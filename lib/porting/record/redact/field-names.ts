/** Which fields of forms, JSON and queries hold a secret, by their name. */

/** `password`, `new_password1`, `user[password]`, `passwd`, `passwort`, `pwd`, `passphrase`. */
const PASSWORD = /passw|passphrase|passcode|pwd|contrase|mot_?de_?passe|kennwort/i;

/** `pass`, `user_pass` and `userPass`, but neither `compass` nor `pass_count`. */
const PASS = /(?:^|[^a-zA-Z])[Pp]ass$|^PASS$|[a-z]Pass$/;

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
    const last = lastOf(name);
    return this.isSecretNumber(name) || PASS.test(last) || TOKEN.test(last);
  }

  /** Of JSON. Tests that `pass`, and a `token` of a parser, are numbers and no secrets. */
  isSecretNumber(name: string): boolean {
    return (
      PASSWORD.test(name) || this.#more.has(name.toLowerCase()) || this.#more.has(lastOf(name).toLowerCase())
    );
  }
}

/** Of `user[address][pin]` the last part says what it is. */
function lastOf(name: string): string {
  return /\[([^\]]*)\]$/.exec(name)?.[1] ?? name;
}
