/** `cgi.FieldStorage`: the fields of a form, by name, as Python 3.12 had them. */
import { BLOCKING_DISK, DISK } from '../../environ/form/temporary-files.js';
import { now, runSteps, type Steps, step } from '../../environ/maybe-promise.js';
import type { MaybePromise } from '../../environ/types.js';
import { AwaitedCall } from '../../unawaited.js';
import { type Dict, makeDict } from '../arguments.js';
import { KeyError } from '../errors.js';
import { StringIO } from '../io/string-io.js';
import type { BytesIO } from '../io.js';
import { type FieldStorageArguments, type FormRequest, formRequest } from './arguments.js';
import { FormReader, lengthOf, type Pair, type Part } from './form-reader.js';
import { FormSource, refuseWaiting } from './form-source.js';
import { type TemporaryFile, Uploads } from './uploads.js';

/** A field of a query string or an urlencoded body. */
export class MiniFieldStorage {
  readonly name: string;
  readonly value: string;
  readonly filename = null;
  readonly list = null;
  readonly type = null;
  readonly file = null;
  readonly type_options: Dict<string> = makeDict();
  readonly disposition = null;
  readonly disposition_options: Dict<string> = makeDict();
  readonly headers: Dict<string> = makeDict();

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
  }
}

export type Field = FieldStorage | MiniFieldStorage;
/** Text; bytes of an upload; the fields of a form in a form; null where there is neither. */
export type FieldValue = string | Buffer | Field[] | null;

const READ = new AwaitedCall('FieldStorage.read()');

/** What a form is made of; the constructor takes it in place of arguments. */
class ReadForm {
  readonly part: Part;
  readonly uploads: Uploads;
  /** With their names: those of attributes may be hidden by fields. Undefined: it is not a form. */
  readonly fields: readonly (readonly [name: string | null, field: Field])[] | undefined;
  #text: StringIO | undefined;

  constructor(part: Part, uploads: Uploads) {
    this.part = part;
    this.uploads = uploads;
    this.fields = part.list?.map((item) => [item.name, fieldOf(item, uploads)]);
  }

  /** @throws TypeError if this is not a form. */
  named(key: string | null): Field[] {
    if (this.fields === undefined) throw new TypeError('not indexable');
    return this.fields.filter(([name]) => name === key).map(([, field]) => field);
  }

  get value(): FieldValue {
    const { text, file } = this.part;
    if (text !== null) return text;
    if (file === null) return this.fields?.map(([, field]) => field) ?? null;
    file.seek(0);
    const value = file.read();
    file.seek(0);
    return value;
  }

  get file(): BytesIO | TemporaryFile | StringIO | null {
    const { text, file } = this.part;
    if (text !== null) this.#text ??= new StringIO(text);
    return this.#text ?? file;
  }
}

/** No field can hide what is under a symbol. */
const READ_FORM = Symbol('FieldStorage');

/**
 * A form, or a part of a multipart form. `form['a']` is an item, or a list of them where the name came more than once, and a
 * KeyError where it did not come; `'a' in form`, `Object.keys(form)` and `for (const name of form)` are about fields too.
 *
 * A field has the name that it was sent with: one called `name` or `file` comes before the attribute of that name, but none
 * comes before a method, `list` or `length`. `getvalue`, `getfirst` and `getlist` reach every field.
 */
class Storage implements Disposable {
  /** null where there is none. */
  readonly name: string | null;
  /** As the client sent it: never open a file of that name. `''` for a file input that was left empty. */
  readonly filename: string | null;
  /** The media type, without parameters. */
  readonly type: string;
  readonly type_options: Dict<string>;
  readonly disposition: string;
  readonly disposition_options: Dict<string>;
  readonly headers: Dict<string>;
  /** The fields in their order; null: this is not a form. */
  readonly list: readonly Field[] | null;
  /** @internal */
  readonly [READ_FORM]: ReadForm;
  /** A field, or a list of them. `item()` has the type. */
  readonly [field: string]: unknown;

  /**
   * Reads the form, where handlers block, or where it is in memory. On the event loop it is `await FieldStorage.read(...)`.
   * @param given Python's arguments: `{ fp, environ, keep_blank_values }`, or `fp, headers, outerboundary, environ, …`.
   * @throws TypeError for the event loop's `wsgi.input`, and for a body with a length that is not a form, as in Python;
   * ValueError; ContentTooLarge (413) over a limit; RequestError (400).
   */
  constructor(...given: FieldStorageArguments) {
    const [first] = given as readonly unknown[];
    const form = first instanceof ReadForm ? first : now(readForm(formRequest(given), false));
    this[READ_FORM] = form;
    this.list = form.fields?.map(([, field]) => field) ?? null;
    const { part } = form;
    this.name = part.name;
    this.filename = part.filename;
    this.type = part.type;
    this.type_options = part.type_options;
    this.disposition = part.disposition;
    this.disposition_options = part.disposition_options;
    this.headers = part.headers;
  }

  /** The same on the event loop; where everything blocks, or is in memory, `await` does no harm. @throws as above. */
  static read(...given: FieldStorageArguments): Promise<FieldStorage> {
    const read = async () => made(await readForm(formRequest(given), true));
    return READ.mark(read());
  }

  /** Text, or the bytes of an upload, which are read again each time; of a form, its list. */
  get value(): FieldValue {
    return this[READ_FORM].value;
  }

  /** What to read the content from: bytes of an upload, text of another part; null for a form. Reads synchronously. */
  get file(): BytesIO | TemporaryFile | StringIO | null {
    return this[READ_FORM].file;
  }

  /** The value of that name, or the list of its values. @param missing default null. */
  getvalue<D = null>(key: string | null, missing: D | null = null): FieldValue | FieldValue[] | D {
    const values = this.getlist(key);
    return values.length > 1 ? values : valueOr(values, missing);
  }

  /** The first value of that name. @param missing default null. */
  getfirst<D = null>(key: string | null, missing: D | null = null): FieldValue | D {
    return valueOr(this.getlist(key), missing);
  }

  /** All values of that name. @throws TypeError if this is not a form. */
  getlist(key: string | null): FieldValue[] {
    return this[READ_FORM].named(key).map(valueIn);
  }

  /** As `form[key]`, with its type; also for parts without a name, whose key is null. @throws KeyError, TypeError */
  item(key: string | null): Field | Field[] {
    const found = oneOrAll(this[READ_FORM].named(key));
    if (found === undefined) throw new KeyError(String(key));
    return found;
  }

  /** Each name once, in order of arrival. @throws TypeError if this is not a form. */
  keys(): (string | null)[] {
    const { fields } = this[READ_FORM];
    if (fields === undefined) throw new TypeError('not indexable');
    return [...new Set(fields.map(([name]) => name))];
  }

  /** How many names there are. (An object is always true: Python's `if form` is `if (form.length > 0)`.) */
  get length(): number {
    return this.keys().length;
  }

  [Symbol.iterator](): Iterator<string | null> {
    return this.keys()[Symbol.iterator]();
  }

  /** Removes temporary files now; otherwise the end of the request does, or that nothing refers to the form any more. */
  close(): MaybePromise<void> {
    return this[READ_FORM].uploads.close();
  }

  [Symbol.dispose](): void {
    void this.close();
  }
}

/** Python calls it `x in form`, `form[x]`. */
const ITEMS: ProxyHandler<Storage> = {
  get(form, key) {
    const own: unknown = Reflect.get(form, key, form);
    if (typeof key === 'symbol' || key === 'list' || typeof own === 'function') return own;
    const { fields } = form[READ_FORM];
    const found = fields === undefined || key === 'length' ? undefined : oneOrAll(form[READ_FORM].named(key));
    if (found !== undefined) return found;
    // What await, JSON.stringify and the like ask every object for.
    if (key in form || ASKED.has(key)) return own;
    if (fields === undefined) throw new TypeError('not indexable');
    throw new KeyError(key);
  },
  has: (form, key) => typeof key === 'string' && form[READ_FORM].named(key).length > 0,
  ownKeys: (form) => (form.list === null ? [] : form.keys().filter((key) => key !== null)),
  getOwnPropertyDescriptor(form, key) {
    if (typeof key === 'symbol' || form.list === null) return undefined;
    const value = oneOrAll(form[READ_FORM].named(key));
    return value === undefined ? undefined : { value, enumerable: true, configurable: true };
  },
};
const ASKED: ReadonlySet<string> = new Set(['then', 'toJSON', 'inspect', 'asymmetricMatch', 'nodeType']);

/** The class, whose forms are given their items as they are made: JavaScript has no other way to have `form['a']`. */
export const FieldStorage: typeof Storage = new Proxy(Storage, {
  construct: (made, given, target) => new Proxy(Reflect.construct(made, given, target) as Storage, ITEMS),
});
export type FieldStorage = Storage;

function oneOrAll(fields: Field[]): Field | Field[] | undefined {
  return fields.length > 1 ? fields : fields[0];
}

function valueIn(field: Field): FieldValue {
  return field instanceof MiniFieldStorage ? field.value : field[READ_FORM].value;
}

function valueOr<D>(values: readonly FieldValue[], missing: D | null): FieldValue | D {
  return values.length === 0 ? missing : (values[0] ?? null);
}

/** @internal Of a form that was read, and of a part. */
export function made(form: ReadForm): FieldStorage {
  return new FieldStorage(...([form] as unknown as FieldStorageArguments));
}

function fieldOf(item: Part | Pair, uploads: Uploads): Field {
  return 'headers' in item ? made(new ReadForm(item, uploads)) : new MiniFieldStorage(item.name, item.value);
}

/** @internal @param waits the input may give promises, and files are written without blocking. */
export function readForm(request: FormRequest, waits: boolean): MaybePromise<ReadForm> {
  const { input, fp, uploadDir } = request;
  // Also where a GET reads nothing of it: the program would fail with its first POST.
  if (!waits) refuseWaiting(input);
  const source = new FormSource(fp, lengthOf(request.headers['content-length']), waits);
  const uploads = new Uploads(waits ? DISK : BLOCKING_DISK, uploadDir, input);
  return runSteps(readAll(new FormReader(request, source, uploads), uploads));
}

/** No file is left of a form that could not be read. */
function* readAll(reader: FormReader, uploads: Uploads): Steps<ReadForm> {
  try {
    return new ReadForm(yield* reader.read(), uploads);
  } catch (error) {
    try {
      yield* step(uploads.close());
    } catch {
      // What went wrong first is what the caller needs to know.
    }
    throw error;
  }
}
