/** What a call of `parseForm` asks for: its options, and the kind of form that CONTENT_TYPE tells. */
import { ConfigError } from '../../errors.js';
import { checkLimits, type FormLimits } from './options.js';

/** Bytes asked of `wsgi.input` at a time. */
export const READ_SIZE = 65_536;

/** The options; `Part` is what `onFile` is called with. */
export interface FormOptionsOf<Part> extends Partial<FormLimits> {
  /**
   * Where temporary files go; default: a fresh folder in that of the system. `form.close()`, or the end of the request,
   * removes them.
   */
  uploadDir?: string;
  /**
   * Takes each file instead of a temporary file: one at a time, in order, and the next is not read before it is
   * done. What it returns is the `value` of the file. What it leaves unread is thrown away.
   */
  onFile?: (part: Part) => unknown;
}

/** The limits that hold. @throws ConfigError */
export function checkOptions(options: FormOptionsOf<never>): FormLimits {
  const limits = checkLimits(options);
  if (options.onFile !== undefined && options.uploadDir !== undefined) {
    throw new ConfigError('One and only one of onFile and uploadDir can be given');
  }
  return limits;
}

export type FormKind =
  | { readonly kind: 'urlencoded'; readonly charset: string }
  | { readonly kind: 'multipart'; readonly contentType: string }
  | { readonly kind: 'none' };

export function formKind(contentType = ''): FormKind {
  switch (contentType.split(';', 1)[0]?.trim().toLowerCase()) {
    case 'application/x-www-form-urlencoded':
      return { kind: 'urlencoded', charset: charsetOf(contentType) };
    case 'multipart/form-data':
      return { kind: 'multipart', contentType };
    default:
      return { kind: 'none' };
  }
}

/** Of a form, or of one part. What HTML sends is UTF-8 always; other clients may say so. */
export function charsetOf(contentType: string): string {
  const found = /;[ \t]*charset[ \t]*=[ \t]*(?:"([^"]*)"|([^\s;"]*))/i.exec(contentType);
  return (found?.[1] ?? found?.[2]) || 'utf-8';
}
