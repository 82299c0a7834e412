/** The errors of `wsgi/stdlib`, named as Python's. `TypeError` is JavaScript's. */

/** Python's `ValueError`: the type is right, the value is not. */
export class ValueError extends Error {
  override readonly name: string = 'ValueError';
}

/** Python's `KeyError`; the message is the key. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
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
