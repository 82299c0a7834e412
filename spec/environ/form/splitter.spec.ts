/** lib/environ/form/splitter.ts and part-head.ts: delimiters and headers of parts, in both ways to read. */
import { expect } from 'chai';
import type { BlockingForm, Form } from '../../../lib/environ/form/form.js';
import { RequestError } from '../../../lib/errors.js';
import { type FormParts, outcome, takeContent } from './outcome.js';
import { READERS } from './readers.js';

const TYPE = 'multipart/form-data; boundary=foo';
const END = '\r\n--foo--\r\n';

/** A part as it is sent, with whatever is its Content-Disposition. */
const part = (disposition: string, content = '1') =>
  `--foo\r\nContent-Disposition: ${disposition}\r\n\r\n${content}`;
const field = (name: string, value: string): FormParts => ({ fields: [[name, value]], files: [] });
const file = (name: string, filename: string, content: string, contentType = 'text/plain'): FormParts => ({
  fields: [],
  files: [[name, filename, contentType, content]],
});

/** What is sent, and what it is; or what the 400 says. */
const CASES: [what: string, body: string, expected: FormParts | RegExp][] = [
  ['a semicolon at the end', part('form-data; name="a";') + END, field('a', '1')],
  ['two semicolons', part('form-data;; name="a" ; ') + END, field('a', '1')],
  [
    'spaces around the equals sign',
    part('form-data; name = "a"') + END,
    /white space next to the equals sign/,
  ],
  [
    'a malformed escape',
    part(`form-data; name="f"; filename*=UTF-8''100%.txt`) + END,
    file('f', '100%.txt', '1'),
  ],
  ['an unknown charset', part(`form-data; name="f"; filename*=KOI8-X''a.txt`) + END, file('f', 'a.txt', '1')],
  [
    'an unknown charset, and escapes: they stay',
    part(`form-data; name="f"; filename*=KOI8-X''a%20b`) + END,
    file('f', 'a%20b', '1'),
  ],
  [
    'a charset of RFC 8187',
    part(`form-data; name="f"; filename="x"; filename*=iso-8859-1'en'%A3%20rates`) + END,
    file('f', '£ rates', '1'),
  ],
  [
    'continuations of RFC 2231',
    part(`form-data; name="f"; filename*0*=ascii''a%20b%20; filename*1="c d"`) + END,
    file('f', 'a b c d', '1'),
  ],
  [
    'continuations in another order, and a character in two of them',
    part(`form-data; name="f"; filename*1*=%82%b; filename*0*=utf-8''%E3%81; filename*2="\\"c%20"`) + END,
    file('f', 'あ%b"c%20', '1'),
  ],
  ['padding after a delimiter', `--foo \t\r\n${part('form-data; name="a"').slice(7)}${END}`, field('a', '1')],
  ['padding after the last one', `${part('form-data; name="a"')}\r\n--foo-- \t`, field('a', '1')],
  ['nothing after the last one', `${part('form-data; name="a"')}\r\n--foo--`, field('a', '1')],
  [
    'a longer line in a file',
    part('form-data; name="f"; filename="n"', 'AAA\r\n--foobar\r\nBBB') + END,
    file('f', 'n', 'AAA\r\n--foobar\r\nBBB'),
  ],
  [
    'a longer line in a field',
    part('form-data; name="a"', '\r\n--foo \tx\r\n-\r\n--fo\r\n--foo-\r\n--foo x') + END,
    field('a', '\r\n--foo \tx\r\n-\r\n--fo\r\n--foo-\r\n--foo x'),
  ],
  [
    'a boundary within a line',
    part('form-data; name="a"', 'x--foo\r\n--\r\n') + END,
    field('a', 'x--foo\r\n--\r\n'),
  ],
  [
    'a part without a body line',
    `${part('form-data; name="a"', '')}${part('form-data; name="b"', '2')}${END}`,
    {
      fields: [
        ['a', ''],
        ['b', '2'],
      ],
      files: [],
    },
  ],
  ['content that is empty', part('form-data; name="a"', '') + END, field('a', '')],
  [
    'content of line breaks',
    part('form-data; name="a"', '\r\n\r\r\n\n\r') + END,
    field('a', '\r\n\r\r\n\n\r'),
  ],
  ['a name that is empty', part('form-data; name=""') + END, field('', '1')],
  ['a name that is a token', part('Form-Data;NAME=a') + END, field('a', '1')],
  ['other parameters', part('form-data; x=y; name="a"; z="="') + END, field('a', '1')],
  ['escaped quotation marks', part('form-data; name="a\\"\\\\\\b;\\"="') + END, field('a"\\\\b;"=', '1')],
  ['what browsers escape', part('form-data; name="a%22%0D%0A"') + END, field('a%22%0D%0A', '1')],
  ['a folded header', part('form-data;\r\n\tname="a"') + END, field('a', '1')],
  [
    'a file of size 0 without a name',
    part('form-data; name="f"\r\nContent-Type: application/octet-stream', '') + END,
    file('f', '', '', 'application/octet-stream'),
  ],
  [
    'a Content-Type that is none',
    part('form-data; name="f"; filename="n"\r\nContent-Type: Any thing; x=y') + END,
    file('f', 'n', '1', 'any thing'),
  ],

  ['no Content-Disposition', `--foo\r\nA: b\r\n\r\n1${END}`, /a part has no Content-Disposition/],
  ['no headers', `--foo\r\n\r\n1${END}`, /a part has no Content-Disposition/],
  ['an attachment', part('attachment; name="a"') + END, /a part is "attachment", not form-data/],
  [
    'a quotation mark that is not closed',
    part('form-data; name="a') + END,
    /quotation mark that is not closed/,
  ],
  ['one that is escaped', part('form-data; name="a\\"') + END, /quotation mark that is not closed/],
  ['no quotation marks', part('form-data; name=a b') + END, /is not ; name="value"/],
  ['a parameter without value', part('form-data; name="a"; b') + END, /is not ; name="value"/],
  ['two names', part('form-data; name="a"; Name="b"') + END, /name appears more than once/],
  ['two Content-Dispositions', part('form-data; name="a"\r\nContent-Disposition: x') + END, /more than once/],
  [
    'a gap in continuations',
    part('form-data; name="f"; filename*0=a; filename*2=b') + END,
    /not numbered from 0/,
  ],
  ['two notations of a section', part('form-data; name*0=a; name*0*=b') + END, /more than once/],
  [
    'two extended notations',
    part(`form-data; name="f"; filename*0=a; filename*=a''b`) + END,
    /more than once/,
  ],
  ['no charset', part('form-data; name="f"; filename*=abc') + END, /not charset'language'value/],
  [
    'an extended value in quotes',
    part(`form-data; name="f"; filename*="utf-8''x"`) + END,
    /must not be quoted/,
  ],
  ['a header that is not UTF-8', part('form-data; name="\xe9"') + END, /it is not UTF-8/],
  ['a NUL', part('form-data; name="a\0"') + END, /control character/],
  ['a bare LF', part('form-data; name="a"\nA: b') + END, /control character/],
  ['no blank line', `--foo\r\nContent-Disposition: form-data; name="a"${END}`, /Malformed part header/],
  [
    'a space before the colon',
    `--foo\r\nContent-Disposition : form-data; name="a"\r\n\r\n${END}`,
    /not a name/,
  ],
  ['a delimiter after LF', part('form-data; name="a"', '1\n--foo\r\n') + END, /does not start after CRLF/],
  ['a delimiter that ends in LF', part('form-data; name="a"', '1\r\n--foo\n') + END, /does not end in CRLF/],
  ['a delimiter that ends in CR', part('form-data; name="a"', '1\r\n--foo\rx') + END, /does not end in CRLF/],
  [
    'more after the last delimiter',
    part('form-data; name="a"', '1\r\n--foo--x') + END,
    /something follows the last delimiter/,
  ],
  [
    'a form feed after a delimiter',
    part('form-data; name="a"', '1\r\n--foo\f\r\nx') + END,
    /white space other than spaces/,
  ],
  ['a delimiter within the preamble', `x${part('form-data; name="a"')}${END}`, /does not start after CRLF/],
  ['endless padding', `--foo${' '.repeat(2000)}\r\n${END}`, /more than 1024 bytes of white space/],
  [
    'line breaks of LF alone',
    (part('form-data; name="a"') + END).replaceAll('\r', ''),
    /does not end in CRLF/,
  ],
  ['no last delimiter', part('form-data; name="a"', '1\r\n--foo'), /Malformed part header|Unexpected end/],
  ['half a last delimiter', part('form-data; name="a"', '1\r\n--foo-'), /Unexpected end of form/],
  ['a boundary that never comes', `--fo${END.slice(0, 4)}`, /Unexpected end of form/],
];

for (const reader of READERS)
  describe(`parseForm of multipart/form-data, ${reader.name}, with`, () => {
    const read = (pieces: (string | Buffer)[]): Promise<Form | BlockingForm> =>
      reader.read({ pieces, short: true }, { onFile: takeContent }, TYPE);

    for (const [what, body, expected] of CASES) {
      it(`${what}${expected instanceof RegExp ? ' is a 400' : ''}`, async () => {
        const bytes = Buffer.from(body, 'latin1');
        const whole = await outcome(read([bytes]));
        if (expected instanceof RegExp) {
          expect(whole).to.be.instanceOf(RequestError).and.to.have.property('status', 400);
          expect(whole)
            .to.have.property('message')
            .that.matches(/^The multipart form is malformed: /);
          expect(whole).to.have.property('message').that.matches(expected);
        } else expect(whole).to.deep.equal(expected);
        const message = whole instanceof Error ? whole.message : undefined;
        for (let cut = 1; cut < bytes.length; cut++) {
          const other = await outcome(read([bytes.subarray(0, cut), bytes.subarray(cut)]));
          if (other instanceof Error) expect(other.message, `cut at ${cut}`).to.equal(message);
          else expect(other, `cut at ${cut}`).to.deep.equal(whole);
        }
        const single = await outcome(read([...bytes].map((byte) => Buffer.from([byte]))));
        if (single instanceof Error) expect(single.message).to.equal(message);
        else expect(single).to.deep.equal(whole);
      });
    }
  });
