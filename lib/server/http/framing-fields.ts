/** How a request says that its body is framed, and what it expects (RFC 9112 section 6, RFC 9110 section 10.1.1). */

/** The headers that the gateway itself acts on. What was sent twice is as Node has it: joined, or the first. */
export interface FramingFields {
  readonly contentLength: string | undefined;
  readonly transferEncoding: string | undefined;
  readonly expect: string | undefined;
}

export function framingIn(rawHeaders: readonly string[]): FramingFields {
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  let expect: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1];
    // Most names differ in length already.
    switch (name.length) {
      case 6:
        if (name.toLowerCase() === 'expect') expect = joined(expect, value);
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') contentLength ??= value;
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') transferEncoding = joined(transferEncoding, value);
        break;
    }
  }
  return { contentLength, transferEncoding, expect };
}

function joined(before: string | undefined, value: string | undefined): string | undefined {
  return before === undefined ? value : `${before}, ${value}`;
}
