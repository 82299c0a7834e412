/** The report: what it counts, groups and says, and in which forms. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Difference, Observed } from '../../../lib/porting/diff/difference.js';
import type { Conversation } from '../../../lib/porting/exchange.js';
import { Report } from '../../../lib/porting/report/report.js';
import type { ReportData } from '../../../lib/porting/report/report-data.js';
import type { Result } from '../../../lib/porting/report/result.js';
import { routeOf } from '../../../lib/porting/report/routes.js';
import { SECTIONS } from '../../../lib/porting/report/sections.js';
import { ROOT } from '../../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { type AnswerParts, answerOf, requestOf } from '../answers.js';

const OPTIONS = { archive: 'traffic.har', original: 'http://127.0.0.1:8000', candidate: 'app.mjs:app' };

function resultOf(number: number, target: string, parts: Partial<Result> = {}): Result {
  const request = requestOf({ target });
  return {
    number,
    exchange: { request },
    sent: { original: request, candidate: request },
    verdict: 'equal',
    differences: [],
    noise: [],
    drift: [],
    ...parts,
  };
}

function different(
  kind: Difference['kind'],
  where: string,
  original?: string,
  candidate?: string,
): Difference {
  return { kind, where, original, candidate };
}

const saw = (parts: AnswerParts): Observed => ({ answer: answerOf(parts) });

async function reportOf(...results: Result[]): Promise<Report> {
  const report = new Report(OPTIONS);
  for (const result of results) await report.add(result);
  return report;
}

describe('Report', () => {
  afterEach(removeTemporaryFolders);

  const page = different('body', '/html/body/p/text()', 'Hello', 'Hallo');
  const some = () =>
    reportOf(
      resultOf(1, '/'),
      resultOf(2, '/items/7', {
        verdict: 'different',
        differences: [
          different('status', '', '200', '500'),
          different('header', 'Content-Type', 'text/html', undefined),
          page,
        ],
        original: saw({
          type: 'text/html',
          fields: [['Set-Cookie', 'sid=hunter2; Path=/']],
          body: '<p>Hello',
        }),
        candidate: saw({ status: 500, reason: 'Internal Server Error', body: '<p>Hallo\n\x1b[31mred' }),
      }),
      resultOf(3, '/items/9?x=1', {
        verdict: 'different',
        differences: [page, page],
        noise: [different('header', 'X-Id', '1', '2')],
      }),
      resultOf(4, '/old', {
        verdict: 'drift',
        drift: [different('status', '', '200', '404')],
        noise: [different('header', 'X-Id', '5', '3')],
      }),
      resultOf(5, '/pay', { verdict: 'skipped', note: 'an unsafe method' }),
    );

  it('ends with the counts, and has them by route', async () => {
    const text = await (await some()).text();
    expect(text.trimEnd().split('\n').at(-1)).to.equal(
      '5 exchanges: 1 equal, 2 different, 2 with noise, 1 drift, 1 skipped',
    );
    expect(text).to.match(/^GET \/items\/\{id\} +2 +0 +2 +1 +0 +0$/m);
  });

  it('says each difference once, with its count, section, request and both answers', async () => {
    const text = await (await some()).text();
    expect(text.match(/body \/html\/body\/p\/text\(\), 2 times: GET \/items\/\{id\} \(2\)/g)).to.have.length(
      1,
    );
    expect(text).to.match(/original: +Hello\n +candidate: +Hallo\n +See PORTING\.md, "Sending data"/);
    expect(text).to.contain('original:  text/html\n   candidate: (not there)');
    expect(text.match(/curl -i http:\/\/127\.0\.0\.1:8000\/items\/7/g)).to.have.length(1);
    expect(text).to.contain('Exchange 2, shown above');
    expect(text).to.match(/HTTP\/1\.1 200 OK +\| HTTP\/1\.1 500 Internal Server Error/);
    expect(text).to.match(/<p>Hello +\| <p>Hallo/);
    expect(text)
      .to.contain('Drift: the original no longer does what was recorded')
      .and.contain('1: an unsafe method');
  });

  it('shows neither secrets nor what would steer a terminal', async () => {
    const text = await (await some()).text();
    expect(text).to.not.contain('hunter2').and.not.contain('\x1b');
    expect(text).to.contain('\\x1b[31mred').and.contain('Set-Cookie: sid=REDACTED; Path=/');
  });

  it('shows none of the secrets that it was told', async () => {
    const report = new Report({ ...OPTIONS, secrets: ['hun ter/2"', 'abc'] });
    const request = requestOf({
      method: 'POST',
      target: '/hun%20ter%2F2%22?pin=hun+ter%2F2%22',
      body: 'pin=hun ter/2"&abc',
    });
    const saw2 = saw({ body: '{"pin": "hun ter/2\\""}' });
    const differences = [different('body', '', 'hun ter/2"', 'x')];
    const sent = { original: request, candidate: request };
    await report.add({
      ...resultOf(1, '/'),
      exchange: { request },
      sent,
      verdict: 'different',
      differences,
      original: saw2,
      candidate: saw2,
    });
    const text = (await report.text()) + (await report.json()) + (await report.html());
    expect(text).to.not.match(/ter.{0,3}2/);
    expect(text.replaceAll('&amp;', '&')).to.contain('REDACTED&abc');
  });

  it('shows JSON with a line for each value, and long lines from where they differ', async () => {
    const json = (id: string) =>
      saw({
        type: 'application/json',
        body: `{"big":${id},"text":"${'x'.repeat(60)}","none":[],"a":[1,{}]}`,
      });
    const long = (text: string) =>
      saw({ type: 'text/plain', body: `${'a'.repeat(2000)}${text}${'b'.repeat(2000)}` });
    const differences = [different('body', '', '1', '2')];
    const text = await (
      await reportOf(
        resultOf(1, '/a', {
          verdict: 'different',
          differences,
          original: json('9007199254740993'),
          candidate: json('9007199254740992'),
        }),
        resultOf(2, '/b', {
          verdict: 'different',
          differences,
          original: long('ONE'),
          candidate: long('TWO'),
        }),
      )
    ).text();
    expect(text).to.match(/"big": 9007199254740993, +\| {3}"big": 9007199254740992,\n/);
    expect(text).to.match(/"none": \[\], +"none": \[\],\n/);
    expect(text).to.match(/ aONEb+ +\| aTWOb+\n/);
  });

  it('does not mark fields that are not compared', async () => {
    const fields = (at: number) =>
      [
        ['Date', `${at}`],
        ['Content-Length', `${at}`],
        ['X-Other', `${at}`],
      ] as const;
    const sides = { original: saw({ fields: fields(1) }), candidate: saw({ fields: fields(2) }) };
    const one = resultOf(1, '/', {
      verdict: 'different',
      differences: [different('header', 'X-Other', '1', '2')],
      ...sides,
    });
    const text = await (await reportOf(one)).text();
    expect(text)
      .to.match(/Date: 1 {3,}Date: 2\n/)
      .and.match(/Content-Length: 1 {3,}Content-Length: 2\n/);
    expect(text).to.match(/X-Other: 1 +\| X-Other: 2\n/);
  });

  it('shortens long values around their first difference', async () => {
    const long = (text: string) => `${'a'.repeat(1000)}${text}${'b'.repeat(500)}`;
    const text = await (
      await reportOf(
        resultOf(1, '/', {
          verdict: 'different',
          differences: [different('body', '', long('X'), long('Y'))],
        }),
      )
    ).text();
    expect(text)
      .to.match(/original: {2}…a+Xb+…\n/)
      .and.match(/candidate: …a+Yb+…\n/);
  });

  it('lists 50 differences for a terminal, and counts the others', async () => {
    const results = Array.from({ length: 60 }, (_, at) =>
      resultOf(at + 1, '/', {
        verdict: 'different',
        differences: [different('body', `/${'x'.repeat(at)}`, 'a', 'b')],
      }),
    );
    const text = await (await reportOf(...results)).text();
    expect(text).to.contain('\n50. body').and.not.contain('\n51. body');
    expect(text).to.contain('… and 10 more differences, in the file of --report');
  });

  it('has colours if they are wanted, and one answer above the other where there is no room', async () => {
    const report = await some();
    expect(await report.text({ colour: true })).to.contain('\x1b[31mHello\x1b[0m');
    const narrow = await report.text({ columns: 60 });
    expect(narrow).to.contain('   - HTTP/1.1 200 OK\n   + HTTP/1.1 500 Internal Server Error');
    for (const line of (await report.text({ columns: 90 })).split('\n')) {
      if (/ \| /.test(line)) expect(line.length).to.be.at.most(90);
    }
  });

  it('counts a difference of many values once, and one of another kind apart', async () => {
    const etags = Array.from({ length: 50 }, (_, at) =>
      resultOf(at + 1, `/items/${at}`, {
        verdict: 'different',
        differences: [different('header', 'ETag', `"${at}a"`, `W/"${at}a"`)],
      }),
    );
    const more = resultOf(60, '/', {
      verdict: 'different',
      differences: [different('header', 'ETag', '"1"', undefined)],
    });
    const { differences } = await (await reportOf(...etags, more)).data();
    expect(differences.map(({ count }) => count)).to.deep.equal([50, 1]);
  });

  it('holds no more than it can show, and counts the rest', async () => {
    const report = new Report(OPTIONS);
    for (let at = 1; at <= 2500; at++) {
      const place = `/${'abcdefghij'[at % 10]}${'x'.repeat(at / 10)}`;
      await report.add(
        resultOf(at, place, { verdict: 'different', differences: [different('body', place, 'a', 'b')] }),
      );
    }
    const data = await report.data();
    expect(data.totals.different).to.equal(2500);
    expect(data.differences).to.have.length(2000);
    expect(data.differences.filter(({ example }) => example !== null)).to.have.length(100);
    expect(data.notes.join()).to.contain('500 more differences are counted, and not listed');
    expect(data.routes.length).to.be.at.most(1001);
    expect(data.routes.reduce((sum, { exchanges }) => sum + exchanges, 0)).to.equal(2500);
  });

  it('shows bytes, conversations and failures, and bodies that cannot be read', async () => {
    const talk: Conversation = {
      messages: [
        { from: 'client', data: 'hi', time: 0 },
        { from: 'server', data: Buffer.from([1, 2]), time: 1 },
      ],
      closeCode: 1000,
      closeReason: 'bye',
    };
    const broken: Observed = {
      answer: {
        ...answerOf(),
        body: {
          size: 1,
          cut: true,
          read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('gone')) }) }),
        },
      },
    };
    const differences = [different('status', '', '1', '2')];
    const text = await (
      await reportOf(
        resultOf(1, '/a', {
          verdict: 'different',
          differences,
          original: saw({ type: 'image/png', body: Buffer.from('\x89PNG\0', 'latin1') }),
          candidate: { failure: 'ECONNRESET' },
        }),
        resultOf(2, '/b', {
          verdict: 'different',
          differences: [different('websocket', 'message 1', 'a', 'b')],
          original: { answer: answerOf({ status: 101 }), conversation: talk },
          candidate: broken,
        }),
      )
    ).text();
    expect(text).to.contain('89 50 4e 47 00').and.contain('No answer: ECONNRESET');
    expect(text).to.contain('→ hi').and.contain('← 2 bytes: 0102').and.contain('closed with 1000 bye');
    expect(text).to.contain('(the body cannot be read)').and.contain('(cut here)');
  });

  it('shows bytes where they differ, and says that there are more', async () => {
    const body = Buffer.alloc(600_000, 1);
    const near = Buffer.from(body);
    near[5000] = 0x4e;
    const textOfPair = async (candidate: Buffer) =>
      await (
        await reportOf(
          resultOf(1, '/a', {
            verdict: 'different',
            differences: [different('body', 'bytes', 'a', 'b')],
            original: saw({ type: 'image/png', body }),
            candidate: saw({ type: 'image/png', body: candidate }),
          }),
        )
      ).text();
    expect(await textOfPair(near)).to.match(/\| 00001380 {2}01 01 01 01 01 01 01 01 4e/);
    const far = Buffer.from(body);
    far[599_999] = 0x4e;
    expect(await textOfPair(far)).to.match(
      /equal lines\n +\(of 600000 bytes in all\) +\(of 600000 bytes in all\)/,
    );
  });

  it('does not count what it leaves out of a long text as equal', async () => {
    const pair = ['x', 'y'].map((first) =>
      saw({ type: 'text/plain', body: `${first}\n${'line\n'.repeat(2000)}` }),
    );
    const text = await (
      await reportOf(
        resultOf(1, '/a', {
          verdict: 'different',
          differences: [different('body', 'line 1', 'x', 'y')],
          original: pair[0],
          candidate: pair[1],
        }),
      )
    ).text();
    expect(text).to.match(/equal lines\n +… +…\n/);
  });

  it('writes JSON of its documented shape', async () => {
    const path = join(temporaryFolder(), 'report.json');
    const report = await some();
    await report.write(path);
    const data = JSON.parse(readFileSync(path, 'utf8')) as ReportData;
    expect(data).to.deep.equal(JSON.parse(JSON.stringify(await report.data())));
    expect(data).to.include({ version: 1, archive: 'traffic.har', candidate: 'app.mjs:app' });
    expect(data.totals).to.deep.equal({
      exchanges: 5,
      equal: 1,
      different: 2,
      noise: 2,
      drift: 1,
      skipped: 1,
    });
    expect(data.differences[0]).to.deep.include({
      kind: 'status',
      where: '',
      count: 1,
      original: '200',
      candidate: '500',
      section: 'Errors',
    });
    expect(data.exchanges[2]).to.deep.include({
      number: 3,
      route: 'GET /items/{id}',
      differences: ['body /html/body/p/text()'],
      note: null,
    });
  });

  it('has no name in its JSON that docs/differences.md does not list', async () => {
    const page = readFileSync(`${ROOT}docs/differences.md`, 'utf8');
    const listed = new Set([...page.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    const names = new Set<string>();
    JSON.parse(await (await some()).json(), (name, value) => {
      if (!/^\d*$/.test(name)) names.add(name);
      return value;
    });
    expect(names.size).to.be.greaterThan(25);
    expect([...names].filter((name) => !listed.has(name))).to.deep.equal([]);
  });

  it('writes JUnit XML that is well-formed, whatever an answer holds', async () => {
    const evil = '\x00\x1b]]>&<"\ufffe\ud800\n\u202e';
    const report = await reportOf(
      resultOf(1, '/'),
      resultOf(2, '/a?<&">', {
        verdict: 'different',
        differences: [different('header', 'X-Evil', evil, undefined)],
      }),
      resultOf(3, '/b', { verdict: 'skipped', note: `--${evil}` }),
      resultOf(4, '/c', { verdict: 'drift', drift: [different('status', '', '200', '404')] }),
    );
    const xml = await report.junit();
    expect(xml).to.not.match(/[\x00-\x08\x0b-\x1f\ufffe\uffff\u202e]/);
    expect(Buffer.from(xml).toString()).to.equal(xml);
    expect(xml).to.contain('<testsuites name="wsgi compare" tests="4" failures="2" errors="0" skipped="1">');
    expect(xml).to.contain('<testcase name="1 GET /" classname="GET /"/>');
    expect(xml).to.contain('<failure type="drift" message="status">status: 200 | 404</failure>');
    expect(wellFormed(xml)).to.equal(true);
  });

  it('says that a file has no form, or cannot be written', async () => {
    const report = await some();
    expect(await failure(report.write('report.pdf'))).to.equal(
      '--report report.pdf: the name has to end in .json, .xml (JUnit) or .html',
    );
    expect(await failure(report.write(join(temporaryFolder(), 'none', 'r.json')))).to.match(
      /^--report: .*r\.json cannot be written: ENOENT/,
    );
  });
});

/** Tags match, attributes are quoted, text has no `<` and no bare `&`. */
function wellFormed(xml: string): boolean {
  const open: string[] = [];
  const markup =
    /<\?xml [^?]*\?>|<!-- (?:(?!--)[\s\S])*-->|<(\/?)([a-z]+)((?: [a-z]+="[^"<]*")*)(\/?)>|[^<]+/y;
  while (markup.lastIndex < xml.length) {
    const found = markup.exec(xml);
    if (found === null || /&(?!(?:amp|lt|gt|quot|#39);)/.test(found[0])) return false;
    const [, close, name, , empty] = found;
    if (name === undefined || empty === '/') continue;
    if (close === '') open.push(name);
    else if (open.pop() !== name) return false;
  }
  return open.length === 0;
}

function failure(promise: Promise<void>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: Error) => error.message,
  );
}

describe('routeOf', () => {
  for (const [target, route] of [
    ['/items/7', '/items/{id}'],
    ['/items/9?page=2', '/items/{id}'],
    ['/items/7.json', '/items/{id}.json'],
    ['/u/123e4567-e89b-12d3-a456-426614174000/edit', '/u/{id}/edit'],
    ['/o/507f1f77bcf86cd799439011', '/o/{id}'],
    ['/2026/11/28/post-12', '/{id}/{id}/{id}/post-{id}'],
    ['/day/2026-11-28', '/day/{id}'],
    ['/reset/MTIz-c0ffee00aaBBccDDeeFF11', '/reset/{id}'],
    ['/about', '/about'],
    ['/static/app.v2.css', '/static/app.v2.css'],
    ['/facade/feedface', '/facade/feedface'],
    ['http://example.org/items/1', '/items/{id}'],
    ['http://example.org', '/'],
    ['*', '*'],
    ['', '/'],
    ['/a%zz/%31', '/a%zz/{id}'],
  ] as const) {
    it(`takes ${target} for ${route}`, () => {
      expect(routeOf('GET', target)).to.equal(`GET ${route}`);
    });
  }
});

describe('the sections that explain differences', () => {
  it('are headings of PORTING.md', () => {
    const porting = readFileSync(`${ROOT}PORTING.md`, 'utf8');
    const headings = new Set([...porting.matchAll(/^#{2,4} (.+)$/gm)].map(([, heading]) => heading));
    for (const { section } of SECTIONS) expect(headings).to.include(section);
  });

  it('explain a difference of every kind', () => {
    const kinds = [
      'failure',
      'status',
      'reason',
      'header',
      'cookie',
      'redirect',
      'body',
      'charset',
      'websocket',
      'stream',
      'cut',
      'wire',
    ];
    expect([...new Set(SECTIONS.map(({ kind }) => kind))].sort()).to.deep.equal(kinds.sort());
  });
});
