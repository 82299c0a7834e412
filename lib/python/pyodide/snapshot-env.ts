/** Variables of the environment that packages look for while they are imported, and what that means for a snapshot of them. */

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Where one is, which language one speaks, where files go: nearly everybody has them set, and packages look for them. They are
 * not secrets, so packages in a snapshot were imported with them.
 */
const PLAIN =
  /^(?:LANG|LANGUAGE|LC_[A-Z]+|TZ|PYTHONTZPATH|HOME|USER|LOGNAME|TMPDIR|TEMP|TMP|XDG_[A-Z]+_HOME|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|CI|DJANGO_SETTINGS_MODULE)$/;

/** What packages see of the environment while they are imported for a snapshot. */
export function plainOf(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => PLAIN.test(name)));
}

/** @returns the first of the variables that packages would have seen, and did not; `*`: they have looked at all of them. */
export function hindrance(variables: readonly string[], env: Env): string | undefined {
  return variables.find((name) => name === '*' || (seen(name, env) !== null && !PLAIN.test(name)));
}

/** What packages have seen of the variables that they looked for: in one order. */
export function valuesOf(variables: readonly string[], env: Env): (readonly [string, string | null])[] {
  return [...variables].sort().map((name) => [name, seen(name, env)]);
}

function seen(name: string, env: Env): string | null {
  return (Object.hasOwn(env, name) ? env[name] : null) ?? null;
}
