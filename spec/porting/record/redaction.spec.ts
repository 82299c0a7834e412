/** Secrets on their way into the archive, and back into a request. */
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { Redaction } from '../../../lib/porting/record/redact/redaction.js';
import { isReplacement, REPLACEMENT, Secrets } from '../../../lib/porting/replacement.js';

const URLENCODED = 'application/x-www-form-urlencoded';

let redaction: Redaction;

/** The body as it is recorded, whatever the blocks are in which it comes. */
function body(type: string, content: string | Buffer, coding?: string): string {
  const fields: [string, string][] = [['Content-Type', type]];
  if (coding !== undefined) fields.push(['content-encoding', coding]);
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const results = [1, 2, 3, 7, 1 << 20].map((size) => {
    const filter = redaction.body(fields, '/');
    const blocks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) blocks.push(filter.push(bytes.subarray(at, at + size)));
    return Buffer.concat([...blocks, filter.end()]).toString('latin1');
  });
  expect(new Set(results).size, 'results for blocks of other sizes').to.equal(1);
  return results[0] ?? '';
}

const header = (name: string, value: string) => redaction.fields([[name, value]])[0]?.[1] ?? '';

/** Each replacement as its name. */
const named = (text: string) => text.replace(REPLACEMENT, '<$1>');

describe('redaction', () => {
  beforeEach(() => {
    redaction = new Redaction();
  });

  const headers: readonly [name: string, value: string, recorded: string][] = [
    ['Cookie', 'a=1; b="x y";c=; flag', 'a=<a>; b="<b>";c=; <cookie>'],
    ['cookie', '__Host-id=a=b=', '__Host-id=<Host_id>'],
    ['Set-Cookie', 'sid=abc; Path=/; Max-Age=3600; HttpOnly', 'sid=<sid>; Path=/; Max-Age=3600; HttpOnly'],
    ['set-cookie', 'gone=; Max-Age=0', 'gone=; Max-Age=0'],
    ['Authorization', 'Basic dXNlcjpwYXNz', 'Basic <Authorization>'],
    ['PROXY-AUTHORIZATION', 'Digest a="b", c="d"', 'Digest <PROXY_AUTHORIZATION>'],
    ['Authorization', 'opaque', '<Authorization>'],
    ['Referer', 'http://a/b?password=x&c=d#e', 'http://a/b?password=<password>&c=d#e'],
    ['Location', '/reset?access_token=x', '/reset?access_token=<access_token>'],
    ['X-Other', 'password=x', 'password=x'],
  ];
  for (const [name, value, recorded] of headers) {
    it(`records ${name}: ${value} as ${recorded}`, () => {
      expect(named(header(name, value))).to.equal(recorded);
    });
  }

  it('records the inputs of a page without their secrets, so that what a form sends back is the same', () => {
    const page = `<form><input type="hidden" name="token" value="a&amp;b>c1"><INPUT value='x' name=q>
<input name='csrf' value=plain><input value=n0pass name=password></form>`;
    expect(
      named(body('text/html; charset=utf-8', page)),
    ).to.equal(`<form><input type="hidden" name="token" value="<token>"><INPUT value='x' name=q>
<input name='csrf' value=plain><input value="<password>" name=password></form>`);
    const [given] = REPLACEMENT[Symbol.match](body('text/html', page)) ?? [];
    expect(body(URLENCODED, 'token=a%26b%3Ec1')).to.equal(`token=${given}`);
  });

  const JSON_TYPE = 'application/json';
  const bodies: readonly [type: string, text: string, recorded: string][] = [
    [URLENCODED, 'user=a&password=b%20c&next=%2F', 'user=a&password=<password>&next=%2F'],
    [
      URLENCODED,
      'new_password1=a&user%5Bpasswd%5D=b&compass=n&pass=c',
      'new_password1=<new_password1>&user%5Bpasswd%5D=<user_passwd>&compass=n&pass=<pass>',
    ],
    [URLENCODED, 'password=&password', 'password=&password'],
    [
      JSON_TYPE,
      '{"user" : "a",\n "password":"b\\"c\\u00e9","n":[1,{"pwd" : 12.5e3}, "x"]}',
      '{"user" : "a",\n "password":"<password>","n":[1,{"pwd" : "<pwd>"}, "x"]}',
    ],
    // What curl says of all that it sends, what `fetch` says of strings, and nothing.
    [URLENCODED, ' {"user":"a","password":"b"}', ' {"user":"a","password":"<password>"}'],
    ['text/plain;charset=UTF-8', '[{"password":"b"}]', '[{"password":"<password>"}]'],
    ['', '{"password":"b"}', '{"password":"<password>"}'],
    ['', 'user=a&password=b', 'user=a&password=<password>'],
    ['text/plain', ' a="b"&password=c', ' a="b"&password=c'],
    ['text/plain', '[INFO] "quoted" {and not', '[INFO] "quoted" {and not'],
    ['text/plain', '  \n', '  \n'],
    [
      'application/vnd.api+json; charset=utf-8',
      '[{"passwords":["a",{"b":"c"}],"d":"e"}]',
      '[{"passwords":["<passwords>",{"b":"<passwords>"}],"d":"e"}]',
    ],
    [
      JSON_TYPE,
      '{"password":null,"passphrase":true,"a":"password","token":"t"}',
      '{"password":null,"passphrase":true,"a":"password","token":"<token>"}',
    ],
    [JSON_TYPE, '"password"', '"password"'],
    [
      JSON_TYPE,
      '{"pass":10,"fail":0,"userPass":"a","pass_count":"b"}',
      '{"pass":10,"fail":0,"userPass":"<userPass>","pass_count":"b"}',
    ],
    [JSON_TYPE, '{"password": "cut', '{"password": "<password>'],
    ['text/plain', 'password=x', 'password=x'],
  ];
  for (const [type, text, recorded] of bodies) {
    it(`records ${text} of ${type} as ${recorded}`, () => {
      expect(named(body(type, text))).to.equal(recorded);
    });
  }

  const part = (name: string, value: string, more = '') =>
    `--B\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;

  it('replaces fields of multipart forms, and leaves files', () => {
    const file = part(
      'password',
      'no secret: a file\r\n--Bx',
      '; filename="password.txt"\r\nContent-Type: text/plain',
    );
    const text = `${part('user', 'a') + part('password', 'b\r\nc') + file + part('pwd', '') + part('user[pass]', 'd')}--B--\r\n`;
    const want = `${part('user', 'a') + part('password', '<password>') + file + part('pwd', '') + part('user[pass]', '<user_pass>')}--B--\r\n`;
    expect(named(body('multipart/form-data; boundary="B"', text))).to.equal(want);
    expect(named(body('multipart/form-data; boundary=B', `pre\r\n${text}post`))).to.equal(
      `pre\r\n${want}post`,
    );
  });

  it('passes binary files of multipart forms byte by byte', () => {
    const bytes = Buffer.from(Array.from({ length: 2048 }, (_, n) => n % 256));
    const text = part('f', bytes.toString('latin1'), '; filename="x"');
    expect(body('multipart/form-data; boundary=B', Buffer.from(text, 'latin1'))).to.equal(text);
  });

  it('replaces half of a secret where a body is cut', () => {
    expect(named(body('multipart/form-data; boundary=B', part('password', 'abc').slice(0, -3)))).to.match(
      /<password>$/,
    );
    expect(named(body(URLENCODED, 'a=b&password=ab'))).to.equal('a=b&password=<password>');
  });

  it('takes long values in constant memory', () => {
    const long = 'x'.repeat(3 << 20);
    for (const [type, open] of [
      [URLENCODED, (name: string) => `a=1&${name}=${long}&z=2`],
      [JSON_TYPE, (name: string) => `{"a":"1","${name}":"${long}","z":"2"}`],
      ['multipart/form-data; boundary=B', (name: string) => `${part(name, long) + part('z', '2')}--B--`],
    ] as const) {
      for (const name of ['password', 'text']) {
        const filter = redaction.body([['Content-Type', type]], '/');
        const bytes = Buffer.from(open(name));
        let done = '';
        for (let at = 0; at < bytes.length; at += 65536)
          done += filter.push(bytes.subarray(at, at + 65536)).toString('latin1');
        done += filter.end().toString('latin1');
        const want = name === 'text' ? open(name) : open(name).replace(long, '<password>');
        expect(named(done) === want, `${type}, ${name}`).to.equal(true);
      }
    }
  });

  it('gives equal secrets equal replacements, in whatever form they come; other ones others', () => {
    const form = body(URLENCODED, 'password=%C3%A9+1%262');
    const json = body(JSON_TYPE, '{"password":"\\u00e9 1&2"}');
    const multipart = body('multipart/form-data; boundary=B', `${part('password', 'é 1&2')}--B--`);
    const [first] = REPLACEMENT[Symbol.match](form) ?? [];
    expect(json).to.include(first).and.to.equal(`{"password":"${first}"}`);
    expect(multipart).to.include(first);
    expect(body(URLENCODED, 'password=%C3%A9+1%263')).to.not.include(first);
    const cookie = header('Set-Cookie', 'sid=one; Path=/').slice(4, -8);
    expect(header('Cookie', 'x=y; sid=one')).to.include(`sid=${cookie}`);
    expect(isReplacement(cookie)).to.equal(true);
  });

  it('has another key for each recording: a password cannot be guessed from it', () => {
    const before = header('Cookie', 'a=b');
    redaction = new Redaction();
    expect(header('Cookie', 'a=b')).to.not.equal(before);
  });

  it('replaces a secret wherever it stands, as a whole word', () => {
    const id = 'a1b2c3d4e5f6';
    header('Set-Cookie', `csrftoken=${id}`);
    const replaced = header('X-CSRFToken', id);
    expect(named(replaced)).to.equal('<csrftoken>');
    expect(named(redaction.target(`/a/${id}?b=${id}`))).to.equal('/a/<csrftoken>?b=<csrftoken>');
    expect(body('text/html', `<a href="/${id}/b">${id}x</a>`)).to.equal(
      `<a href="/${replaced}/b">${id}x</a>`,
    );
    expect(body(URLENCODED, `csrf=${id}&a=b`)).to.equal(`csrf=${replaced}&a=b`);
    expect(body(JSON_TYPE, `{"${id}":["${id}"]}`)).to.equal(`{"${replaced}":["${replaced}"]}`);
    expect(body('multipart/form-data; boundary=B', `${part('csrf', id)}--B--`)).to.include(replaced);
    expect(body('image/png', id)).to.equal(id);
  });

  it('finds a secret that HTML, JSON and queries escape', () => {
    body(URLENCODED, `password=${encodeURIComponent('a&b"c 1')}`);
    const texts = ['<p>a&amp;b&quot;c 1</p>', '{"x":"a&b\\"c 1"}', '/?q=a%26b%22c%201', 'a&b"c 1'];
    for (const text of texts) expect(body('text/html', text)).to.match(/redacted-password-/);
  });

  it('takes a page of tags that are not closed, in time that grows with its length', () => {
    const page = Buffer.from('<input '.repeat(40_000));
    const last = Buffer.from('<input name=password value="s3cret">');
    const filter = redaction.body([['Content-Type', 'text/html']], '/');
    const before = process.cpuUsage();
    expect(Buffer.concat([filter.push(page), filter.push(last), filter.end()]).toString()).to.match(
      /redacted-password-/,
    );
    const { user, system } = process.cpuUsage(before);
    // Milliseconds: with the square of the length it is ten times as much.
    expect((user + system) / 1000).to.be.below(2000);
  });

  it('leaves words that may stand anywhere: a theme, a language, a password that is a word', () => {
    header('Cookie', 'theme=dark; lang=en; wide=yes');
    body(URLENCODED, 'password=password');
    const html = '<body class="dark" lang="en"><input name="password"> yes';
    expect(body('text/html', html)).to.equal(html);
  });

  for (const [coding, encode, decode] of [
    ['gzip', gzipSync, gunzipSync],
    ['br', brotliCompressSync, brotliDecompressSync],
  ] as const) {
    it(`looks into bodies of ${coding}`, () => {
      const done = Buffer.from(body(JSON_TYPE, encode('{"password":"hunter2"}'), coding), 'latin1');
      expect(named(decode(done).toString())).to.equal('{"password":"<password>"}');
      const other = encode('{"a":"hunter3"}');
      expect(Buffer.from(body(JSON_TYPE, other, coding), 'latin1').equals(other), 'unchanged').to.equal(true);
    });
  }

  it('says which bodies it cannot look into', () => {
    const told: string[] = [];
    redaction = new Redaction({ onunseen: (sentence) => told.push(sentence) });
    const filter = redaction.body(
      [
        ['Content-Type', 'text/html'],
        ['Content-Encoding', 'zstd'],
      ],
      '/a?password=x',
    );
    expect(filter.push(Buffer.from('abc')).toString()).to.equal('abc');
    expect(told).to.deep.equal(['The body of /a is recorded as it is: its secrets cannot be seen (zstd)']);
  });

  it('knows more fields and headers, if they are named', () => {
    redaction = new Redaction({ fields: ['PIN'], headers: ['x-api-key'] });
    expect(named(header('X-Api-Key', 'k'))).to.equal('<X_Api_Key>');
    expect(named(body(URLENCODED, 'pin=1&user[pin]=2'))).to.equal('pin=<pin>&user[pin]=<user_pin>');
    expect(named(redaction.target('/?Pin=3'))).to.equal('/?Pin=<Pin>');
  });
});

describe('secrets that are put back', () => {
  beforeEach(() => {
    redaction = new Redaction();
  });

  it('are found by the name of the field, escaped as the body asks', () => {
    const secrets = new Secrets([['password', 'é "&b']]);
    const back = (type: string, content: string) =>
      secrets.putBackInBody(Buffer.from(body(type, content), 'latin1'), type).toString();
    expect(back(URLENCODED, 'a=b&password=x')).to.equal('a=b&password=%C3%A9+%22%26b');
    for (const type of ['application/json', URLENCODED, 'text/plain', '']) {
      expect(back(type, '{"password":"x"}')).to.equal('{"password":"é \\"&b"}');
    }
    expect(
      back(
        'multipart/form-data; boundary=B',
        '--B\r\nContent-Disposition: form-data; name="password"\r\n\r\nx\r\n--B--',
      ),
    ).to.include('\r\n\r\né "&b\r\n--B--');
    expect(secrets.unused).to.deep.equal([]);
  });

  it('are found by the name of the cookie and the header', () => {
    const secrets = new Secrets([
      ['sid', 's3cret'],
      ['x-api-key', 'k'],
      ['nowhere', '1'],
    ]);
    redaction = new Redaction({ headers: ['X-Api-Key'] });
    expect(secrets.putBackInField('Cookie', header('Cookie', 'sid=a'))).to.equal('sid=s3cret');
    expect(secrets.putBackInField('X-Api-Key', header('X-Api-Key', 'a'))).to.equal('k');
    expect(secrets.unused).to.deep.equal(['nowhere']);
  });

  for (const given of ['Bearer abc', 'abc']) {
    it(`of Authorization are given as ${given}`, () => {
      const secrets = new Secrets([['Authorization', given]]);
      expect(secrets.putBackInField('Authorization', header('Authorization', 'Bearer x'))).to.equal(
        'Bearer abc',
      );
    });
  }

  it('are found by a whole replacement, where two have one name', () => {
    const first = body(URLENCODED, 'password=one');
    const second = body(URLENCODED, 'password=two');
    const secrets = new Secrets([
      [first.slice(9), 'A'],
      ['password', 'B'],
    ]);
    const back = (form: string) => secrets.putBackInBody(Buffer.from(form), URLENCODED).toString();
    expect([back(first), back(second)]).to.deep.equal(['password=A', 'password=B']);
  });

  it('stay as they are where they are not given', () => {
    const form = body(URLENCODED, 'password=one');
    expect(new Secrets([['other', 'x']]).putBack(form)).to.equal(form);
    expect(new Secrets([]).putBack(form)).to.equal(form);
  });
});
