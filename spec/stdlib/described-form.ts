/** What an application for specs found in a form, and where an upload lies. */
import { type FieldStorage, TemporaryFile } from '../../lib/stdlib/cgi.js';

export interface Described {
  readonly keys: readonly (string | null)[];
  readonly a: unknown;
  readonly size: number | undefined;
  readonly path: string | undefined;
}

export function describeForm(form: FieldStorage): string {
  const upload = form.getvalue('f');
  const file = 'f' in form ? (form['f'] as FieldStorage).file : undefined;
  const described: Described = {
    keys: form.keys(),
    a: form.getlist('a'),
    size: upload instanceof Uint8Array ? upload.length : undefined,
    path: file instanceof TemporaryFile ? file.path : undefined,
  };
  return JSON.stringify(described);
}
