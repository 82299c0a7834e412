/** Options of `parseForm`: how large a form may be, where its files go, and the errors that say which limit it went over. */
import { inspect } from 'node:util';
import { ConfigError, ContentTooLarge } from '../../errors.js';

export interface FormLimits {
  /** Parts of a multipart form, fields and files together. */
  maxParts: number;
  /** Fields that are not files. */
  maxFields: number;
  /** Bytes of the name of one field or file. */
  maxFieldNameSize: number;
  /** Bytes of the value of one field. */
  maxFieldSize: number;
  /** Bytes of the names and values of all fields together: these are kept in memory. */
  maxTotalFieldSize: number;
  /** Bytes of one file. Files are not kept in memory, and the server limits the body as a whole. */
  maxFileSize: number;
}

type LimitName = keyof FormLimits;

export const FORM_LIMITS: Readonly<FormLimits> = Object.freeze({
  maxParts: 1000,
  maxFields: 1000,
  maxFieldNameSize: 1024,
  maxFieldSize: 500_000,
  maxTotalFieldSize: 2_500_000,
  maxFileSize: Number.POSITIVE_INFINITY,
});

type Given<T> = { [K in keyof T]?: T[K] | undefined };

/** The options; `Part` is what `onFile` is called with. */
export interface FormOptionsOf<Part> extends Given<FormLimits> {
  /**
   * Where temporary files go; default: a fresh folder in that of the system. `form.close()`, or the end of the request,
   * removes them.
   */
  uploadDir?: string | undefined;
  /**
   * Takes each file instead of a temporary file: one at a time, in order, and the next is not read before it is
   * done. What it returns is the `value` of the file. What it leaves unread is thrown away.
   */
  onFile?: ((part: Part) => unknown) | undefined;
}

/** The limits that were given, with the defaults of those that were not. @throws ConfigError */
export function checkOptions(given: FormOptionsOf<never>): FormLimits {
  const limits = { ...FORM_LIMITS };
  for (const name of Object.keys(FORM_LIMITS) as LimitName[]) {
    const value = given[name];
    if (value === undefined) continue;
    if (!(value >= 0 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY))) {
      throw new ConfigError(`${name} must be a whole number, 0 or more, or Infinity, not ${inspect(value)}`);
    }
    limits[name] = value;
  }
  if (given.onFile !== undefined && given.uploadDir !== undefined) {
    throw new ConfigError('One and only one of onFile and uploadDir can be given');
  }
  return limits;
}

/** Counts what comes in, and throws `ContentTooLarge` at the first that is too much. */
export class FormMeter {
  readonly #limits: FormLimits;
  #parts = 0;
  #fields = 0;
  #fieldBytes = 0;

  constructor(limits: FormLimits) {
    this.#limits = limits;
  }

  part(): void {
    const { maxParts } = this.#limits;
    if (++this.#parts > maxParts) throw tooMany('parts', 'maxParts', maxParts);
  }

  /** Sizes in bytes. */
  field(name: string, nameSize: number, valueSize: number): void {
    const { maxFields, maxFieldSize, maxTotalFieldSize } = this.#limits;
    if (++this.#fields > maxFields) throw tooMany('fields', 'maxFields', maxFields);
    this.name(nameSize);
    if (valueSize > maxFieldSize) throw tooLong(`The field ${inspect(name)}`, 'maxFieldSize', maxFieldSize);
    this.#fieldBytes += nameSize + valueSize;
    if (this.#fieldBytes > maxTotalFieldSize) {
      throw tooLong('What the fields of the form hold together', 'maxTotalFieldSize', maxTotalFieldSize);
    }
  }

  name(size: number): void {
    const { maxFieldNameSize } = this.#limits;
    if (size > maxFieldNameSize) throw tooLong('The name of a field', 'maxFieldNameSize', maxFieldNameSize);
  }

  /** The error for a file that goes on after `maxFileSize` bytes. */
  fileTooLong(name: string): ContentTooLarge {
    return tooLong(`The file of the field ${inspect(name)}`, 'maxFileSize', this.#limits.maxFileSize);
  }
}

function tooMany(what: string, limit: LimitName, most: number): ContentTooLarge {
  return new ContentTooLarge(`The form has more ${what} than ${limit} allows (${most})`);
}

function tooLong(what: string, limit: LimitName, most: number): ContentTooLarge {
  return new ContentTooLarge(`${what} is longer than ${limit} allows (${most} bytes)`);
}
