/** Which values are followed, where they are found, and where they are put. */
import { expect } from 'chai';
import { handedOut } from '../../../../lib/porting/compare/follow/answer-values.js';
import { Follower, Wanted } from '../../../../lib/porting/compare/follow/follower.js';
import { storedBytes } from '../../../../lib/porting/compare/follow/request-values.js';
import { isId, isIdName, isOpaque } from '../../../../lib/porting/compare/follow/specific.js';
import type { Answer, Fields, RecordedRequest } from '../../../../lib/porting/exchange.js';

const TOKEN = 'k3J9xQ2mPz7w';
const OTHER = 'Z8y1Lr4tVb6n';

function answer(fields: Fields, body = ''): Answer {
  const stored = storedBytes(Buffer.from(body));
  return { status: 200, reason: 'OK', version: '1.1', fields, trailers: [], body: stored };
}

function request(target: string, fields: Fields = [], body = ''): RecordedRequest {
  return { method: 'POST', target, fields, body: storedBytes(Buffer.from(body)) };
}

async function textOf({ body }: RecordedRequest): Promise<string> {
  let text = '';
  for await (const block of body.read()) text += block;
  return text;
}

/** The request as it is sent to a side that gave `given` where the recorded server gave `recorded`. */
async function followed(recorded: Answer, given: Answer, sent: RecordedRequest): Promise<RecordedRequest> {
  const wanted = new Wanted();
  await wanted.collect(sent);
  const follower = new Follower(wanted);
  await follower.learn(recorded, given, 0);
  return follower.rewrite(sent, 0);
}

const HTML: Fields = [['Content-Type', 'text/html']];
const JSON_TYPE: Fields = [['Content-Type', 'application/json']];
const FORM: Fields = [['Content-Type', 'application/x-www-form-urlencoded']];

describe('a value that is followed', () => {
  it('is a token, or an id by its name or place', () => {
    for (const value of [
      TOKEN,
      '0f8fad5b-d9cb-469f-a165-70867728950e',
      '9f86d081884c7d65',
      'eyJhbGciOiJIUzI1NiJ9.e30.Zm9v',
    ]) {
      expect(isOpaque(value), value).to.equal(true);
    }
    for (const value of ['1', 'en', 'hello-world', 'application', 'a long sentence with 12 words', '2024']) {
      expect(isOpaque(value), value).to.equal(false);
    }
    expect(['7', '20240101', TOKEN].every(isId)).to.equal(true);
    expect(['id', 'user_id', 'itemId', 'pk'].every(isIdName)).to.equal(true);
    expect(['paid', 'valid', 'quantity', 'grid'].some(isIdName)).to.equal(false);
  });

  const hands: [where: string, make: (token: string) => Answer][] = [
    ['a hidden field', (token) => answer(HTML, `<input type=hidden name="csrf" value="${token}">`)],
    [
      'a hidden field with entities',
      (token) =>
        answer(HTML, `<input type='hidden' value='&#${token.charCodeAt(0)};${token.slice(1)}' name=csrf>`),
    ],
    ['a meta element', (token) => answer(HTML, `<meta content="${token}" name="csrf-token">`)],
    ['a script', (token) => answer(HTML, `<script>window.csrf = '${token}';</script>`)],
    ['a string of JSON', (token) => answer(JSON_TYPE, `{"a": [{"token": "${token}"}]}`)],
    ['a header', (token) => answer([['X-CSRF-Token', token]])],
    ['a cookie', (token) => answer([['Set-Cookie', `csrf=${token}; Path=/`]])],
    ['a query of Location', (token) => answer([['Location', `https://shop.example/done?state=${token}`]])],
    ['a segment of Location', (token) => answer([['Location', `/reset/${token}/form`]])],
    ['a link', (token) => answer(HTML, `<a href="/confirm/${token}">confirm</a>`)],
  ];
  const uses: [where: string, make: (token: string) => RecordedRequest][] = [
    ['a form', (token) => request('/', FORM, `a=1&csrf=${token}&b=caf%C3%A9+x`)],
    ['JSON', (token) => request('/', JSON_TYPE, `{"n": 1.0, "csrf" : "${token}"}`)],
    ['a header', (token) => request('/', [['X-CSRFToken', token]])],
    ['credentials', (token) => request('/', [['Authorization', `Bearer ${token}`]])],
    ['a path', (token) => request(`/reset/${token}/form?x=%20`)],
    ['a query', (token) => request(`/x?token=${token}&y=a+b`)],
    ['a referer', (token) => request('/', [['Referer', `http://shop.example/reset/${token}`]])],
    [
      'a field of a form with files',
      (token) =>
        request(
          '/',
          [['Content-Type', 'multipart/form-data; boundary=XX']],
          `--XX\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n${token}\r\n--XX\r\nContent-Disposition: form-data; ` +
            `name="f"; filename="f"\r\n\r\n\xff${TOKEN}\r\n--XX--\r\n`,
        ),
    ],
  ];
  for (const [from, hand] of hands) {
    it(`is found in ${from}, and put wherever a client sends it`, async () => {
      for (const [, use] of uses) {
        const sent = await followed(hand(TOKEN), hand(OTHER), use(TOKEN));
        const wanted = use(OTHER);
        expect({ ...sent, body: await textOf(sent) }).to.deep.equal({
          ...wanted,
          body: await textOf(wanted),
        });
      }
    });
  }

  it('is escaped where it is put', async () => {
    const recorded = answer(JSON_TYPE, `{"token": "${TOKEN}"}`);
    const given = answer(JSON_TYPE, '{"token": "a/b+c=\\"d\\" é"}');
    expect(await textOf(await followed(recorded, given, request('/', FORM, `t=${TOKEN}`)))).to.equal(
      't=a%2Fb%2Bc%3D%22d%22+%C3%A9',
    );
    expect((await followed(recorded, given, request(`/x/${TOKEN}`))).target).to.equal(
      '/x/a%2Fb%2Bc%3D%22d%22%20%C3%A9',
    );
    expect(
      await textOf(await followed(recorded, given, request('/', JSON_TYPE, `{"t":"${TOKEN}"}`))),
    ).to.equal('{"t":"a/b+c=\\"d\\" é"}');
  });

  it('is a short id only where ids go', async () => {
    const follow = (target: string, body = '') =>
      followed(
        answer([['Location', '/items/7']]),
        answer([['Location', '/items/1001']]),
        request(target, JSON_TYPE, body),
      );
    expect((await follow('/items/7/edit?page=7&id=7')).target).to.equal('/items/1001/edit?page=7&id=1001');
    expect((await follow('/archive/7')).target).to.equal('/archive/7');
    expect(await textOf(await follow('/', '{"item_id": 7, "count": 7, "name": "7"}'))).to.equal(
      '{"item_id": 1001, "count": 7, "name": "7"}',
    );
  });

  it('is the id of something that was made, by its name in JSON', async () => {
    const make = (id: number) => answer(JSON_TYPE, `{"id": ${id}, "stock": 7}`);
    expect((await followed(make(7), make(90), request('/items/7'))).target).to.equal('/items/90');
  });

  it('is no word of a path, which is where a redirect leads', async () => {
    const [recorded, given] = [
      answer([['Location', '/app/done?step=2']]),
      answer([['Location', '/app/wrong?step=3']]),
    ];
    expect((await followed(recorded, given, request('/app/done?step=2'))).target).to.equal(
      '/app/done?step=2',
    );
  });

  it('is a hidden field of any value under its own name', async () => {
    const make = (value: string) => answer(HTML, `<input type="hidden" name="step" value="${value}">`);
    expect(
      await textOf(await followed(make('1'), make('one'), request('/', FORM, 'step=1&other=1'))),
    ).to.equal('step=one&other=1');
  });

  it('is looked for in answers that are compressed, and in no other bytes', async () => {
    const { gzipSync } = await import('node:zlib');
    const zipped = {
      ...answer([...JSON_TYPE, ['Content-Encoding', 'gzip']]),
      body: storedBytes(gzipSync(`{"t":"${TOKEN}"}`)),
    };
    expect((await handedOut(zipped)).map(({ value }) => value)).to.include(TOKEN);
    expect(await handedOut(answer([['Content-Type', 'image/png']], TOKEN))).to.deep.equal([]);
    expect(await handedOut(answer(JSON_TYPE, '{"broken'))).to.deep.equal([]);
  });
});
