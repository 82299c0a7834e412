/** Bodies of multipart/form-data for fast-check: well-formed ones in every notation, and all that goes wrong. */
import fc from 'fast-check';

export interface MultipartBody {
  readonly body: Buffer;
  readonly type: string;
}

type Kind = 'well-formed' | 'any';

/** A list of which mostly the first is used. */
function mostly<T>(kind: Kind, usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return kind === 'well-formed'
    ? usual
    : fc.oneof({ weight: 15, arbitrary: usual }, { weight: 1, arbitrary: other });
}

const boundary = fc.oneof(
  fc.constantFrom('foo', 'a', '-', '--', 'foo--', '----WebKitFormBoundaryAbC', "'()+_,-./:=?"),
  fc
    .string({ unit: fc.constantFrom(...'ab-Z9 '), minLength: 1, maxLength: 12 })
    .filter((text) => /\S$/.test(text)),
);

const word = fc.string({
  unit: fc.constantFrom(...'abcZ09 .-_;=,%:&', "'", '"', '\\', 'é', 'あ', '😀', '%22', '%0D'),
  maxLength: 12,
});
const token = fc.string({ unit: fc.constantFrom(..."abZ09!#$&+-.^_`|~%*'"), minLength: 1, maxLength: 8 });
/** As in RFC 8187: what is no attr-char is percent-encoded. */
const escaped = fc
  .string({
    unit: fc.constantFrom(...'ab09.-_', ' ', '%', 'é', 'あ', '"', '/', ';'),
    minLength: 1,
    maxLength: 8,
  })
  .map((text) => encodeURIComponent(text).replace(/['()*]/g, '_'));

const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** A parameter as one or more of Content-Disposition. */
function parameter(kind: Kind, name: string): fc.Arbitrary<string> {
  const usual = fc.oneof(
    { weight: 4, arbitrary: word.map((text) => `${name}=${quoted(text)}`) },
    token.map((text) => `${name.toUpperCase()}=${text}`),
    escaped.map((text) => `${name}="x";${name}*=UTF-8''${text}`),
    fc
      .tuple(fc.constantFrom('utf-8', 'iso-8859-1', 'us-ascii', 'KOI8-X'), token.map(withoutQuotes))
      .map(([charset, text]) => `${name}*=${charset}'en'${text}`),
    fc
      .tuple(escaped, word, escaped)
      .map(
        ([first, second, third]) =>
          `${name}*0*=utf-8'en'${first}; ${name}*1=${quoted(second)}; ${name}*2*=${third}`,
      ),
  );
  const other = fc.constantFrom(
    `${name}="a`,
    `${name} = "a"`,
    `${name}=a b`,
    `${name}`,
    `${name}=`,
    `${name}="a"b`,
    `${name}=a; ${name}=b`,
    `${name}*="utf-8''a"`,
    `${name}*=a`,
    `${name}*=utf-8''`,
    `${name}*1=a`,
    `${name}="a\\"`,
    `${name}="\0"`,
    `${name}=é`,
    `${name}="a\r\n\tb"`,
    `${name}="a\r\n b"`,
    `${name}="a\rb"`,
    `${name}="a\nb"`,
  );
  return mostly(kind, usual, other);
}

// A percent sign that escapes nothing, or something: no apostrophe, it separates.
const withoutQuotes = (text: string) => text.replaceAll("'", '_');

export function disposition(kind: Kind): fc.Arbitrary<string> {
  const type = mostly(
    kind,
    fc.constantFrom('form-data', 'Form-Data'),
    fc.constantFrom('attachment', '', '"', 'x y'),
  );
  const separator = mostly(kind, fc.constantFrom('; ', ';', ' ;\t', ';; '), fc.constantFrom(' ', ',', '\t'));
  const end = mostly(kind, fc.constantFrom('', '', ';', '; ', ' '), fc.constantFrom('"', ' x', ';x', '\\'));
  const fields = fc.tuple(parameter(kind, 'name')).map((all): string[] => all);
  const files = fc.tuple(parameter(kind, 'name'), parameter(kind, 'filename'));
  const parameters = mostly<string[]>(
    kind,
    fc.oneof(
      fields,
      files,
      files.map(([name, filename]) => [filename, 'x="name=;"', name]),
    ),
    fc.constantFrom<string[]>([], ['filename="x"'], ['x=y']),
  );
  return fc
    .tuple(type, separator, parameters, end)
    .map(([first, between, rest, last]) => [first, ...rest].join(between) + last);
}

function head(kind: Kind): fc.Arbitrary<string> {
  const usual = fc.tuple(
    fc.constantFrom('Content-Disposition: ', 'content-disposition:', 'CONTENT-DISPOSITION:\t '),
    disposition(kind),
    fc.constantFrom(
      '',
      '',
      '\r\nContent-Type: text/plain',
      '\r\nContent-Type: Image/PNG; x="y"',
      '\r\nContent-Type: text/plain; charset=iso-8859-1',
      '\r\ncontent-type: text/plain;\r\n\tcharset="US-ASCII"',
      '\r\nX-Other:',
    ),
  );
  const other = fc.constantFrom(
    '',
    'A: b',
    'no header',
    'Content-Disposition : form-data; name="a"',
    ' A: b',
    'é',
  );
  return mostly(
    kind,
    usual.map((pieces) => pieces.join('')),
    other,
  );
}

/** Content, preamble or epilogue, of what delimiters are made of. */
function content(kind: Kind, mark: string): fc.Arbitrary<string> {
  const harmless = [
    '\r',
    '\n',
    '\r\n',
    '-',
    '--',
    `\r\n--${mark.slice(0, -1)}`,
    ' ',
    '\t',
    '\f',
    'a',
    'é',
    '\0',
    '\xff',
  ];
  const longer = [`\r\n--${mark}x`, `--${mark}x`, `\r\n--${mark}\t x\r\n`, `\r\n--${mark}-\r\n`];
  const like = [
    ...['\r\n', '\n', '\r', ''].map((start) => `${start}--${mark}`),
    ...['--', ' \t\r\n', '\r\n', '\n', '\r', '\f\r\n', '--x', '-- \r\n'].map((end) => `\r\n--${mark}${end}`),
  ];
  const unit = fc.constantFrom(...harmless, ...longer, ...(kind === 'any' ? like : []));
  const found = fc.array(unit, { maxLength: 8 }).map((pieces) => pieces.join(''));
  if (kind === 'any') return found;
  // What looks like a delimiter all the same, with what is put before and after it.
  const escapedMark = mark.replace(/[^\w ]/g, '\\$&');
  const delimiter = new RegExp(`--${escapedMark}([ \\t\\f]*[\\r\\n]|--)`);
  return found.filter((text) => !delimiter.test(`\r\n${text}\r\n`));
}

export function multipartBody(kind: Kind): fc.Arbitrary<MultipartBody> {
  return boundary.chain((mark) => {
    const start = mostly(kind, fc.constantFrom('\r\n', ' \t\r\n'), fc.constantFrom('\n', '\r', '', '\f\r\n'));
    const blank = mostly(kind, fc.constant('\r\n\r\n'), fc.constantFrom('\r\n', '\n\n', '\r\r', '\r\n\n'));
    const body = fc.oneof(
      { weight: 5, arbitrary: content(kind, mark).map((text) => `${text}\r\n`) },
      fc.constant(''),
    );
    const part = fc.tuple(start, head(kind), blank, body).map((pieces) => pieces.join(''));
    const preamble = fc.oneof(
      fc.constant(''),
      content(kind, mark).map((text) => `${text}\r\n`),
    );
    const end = mostly(
      kind,
      fc.constantFrom('--', '--\r\n', '-- \r\n', '--\r\nepilogue', `--\r\n--${mark}\r\nA: b\r\n\r\n`),
      fc.constantFrom('', '-', '\r\n', '--x', '--\n', ' --'),
    );
    return fc.tuple(preamble, fc.array(part, { maxLength: 3 }), end).map(([before, parts, after]) => {
      const text = [before, ...parts.map((one) => `--${mark}${one}`), `--${mark}${after}`].join('');
      return { body: Buffer.from(text), type: `multipart/form-data; boundary="${mark}"` };
    });
  });
}
