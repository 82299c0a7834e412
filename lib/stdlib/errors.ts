/** The errors of `wsgi/stdlib`, named as Python's. `TypeError` is JavaScript's. */

/** Python's `ValueError`: the type is right, the value is not. */
export class ValueError extends Error {
  override readonly name: string = 'ValueError';
}

/** Python's `LookupError`: no key, encoding or error handler has that name. */
export class LookupError extends Error {
  override readonly name: string = 'LookupError';
}

/** Python's `KeyError`; the message is the key. */
export class KeyError extends LookupError {
  override readonly name = 'KeyError';
}

/** Python's `AttributeError`. A `TypeError` as well, for that is what JavaScript throws for a method that is not there. */
export class AttributeError extends TypeError {
  override readonly name = 'AttributeError';
}

/** Python's `OSError`. */
export class OSError extends Error {
  override readonly name = 'OSError';
}

/** Text that an encoding does not have. */
export class UnicodeEncodeError extends ValueError {
  override readonly name = 'UnicodeEncodeError';
}

/** Bytes that are not in an encoding. */
export class UnicodeDecodeError extends ValueError {
  override readonly name = 'UnicodeDecodeError';
}
