/** A request as a line for `sh`: a shell takes from it exactly what was sent, but for secrets. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import fc from 'fast-check';
import { curlLine, printfOf, quoted } from '../../../lib/porting/report/curl.js';
import { requestOf } from '../answers.js';

/** Arguments as the shell gives them to curl, and what it gets on standard input. */
function run(line: string): { words: string[]; input: Buffer } {
  const script = `curl() { printf '%s\\0' "$@"; printf 'END\\0'; [ "$piped" = yes ] && cat; :; }\n`;
  const piped = line.startsWith('printf') ? 'yes' : 'no';
  const { stdout, stderr, status } = spawnSync('sh', ['-c', `piped=${piped}\n${script}${line}`]);
  expect(stderr.toString()).to.equal('');
  expect(status).to.equal(0);
  const end = stdout.indexOf('END\0');
  return {
    words: stdout.subarray(0, end).toString('latin1').split('\0').slice(0, -1),
    input: stdout.subarray(end + 4),
  };
}

async function wordsOf(...args: Parameters<typeof curlLine>): Promise<string[]> {
  return run(await curlLine(...args)).words;
}

describe('curlLine', () => {
  it('is short for a plain request', async () => {
    expect(await curlLine(requestOf({ target: '/items/7' }), undefined)).to.equal(
      'curl -i http://example.org/items/7',
    );
    expect(await curlLine(requestOf({ target: '/a?b=c&d=e' }), 'http://127.0.0.1:8000/')).to.equal(
      "curl -i 'http://127.0.0.1:8000/a?b=c&d=e' -H 'Host: example.org'",
    );
  });

  it('has methods as curl does them', async () => {
    expect(await curlLine(requestOf({ method: 'HEAD' }), undefined))
      .to.contain(' --head ')
      .and.not.contain('-X');
    expect(await curlLine(requestOf({ method: 'DELETE' }), undefined)).to.contain(' -X DELETE ');
    expect(await curlLine(requestOf({ method: 'POST' }), undefined)).to.contain(' -X POST ');
    expect(await curlLine(requestOf({ method: 'POST', body: 'a' }), undefined)).to.not.contain('-X');
    expect(await curlLine(requestOf({ method: 'GET', body: 'a' }), undefined)).to.contain(' -X GET ');
    expect(await curlLine(requestOf({ method: 'OPTIONS', target: '*' }), undefined)).to.contain(
      "--request-target '*'",
    );
  });

  it('sends targets that are no path as they are', async () => {
    for (const target of ['http://example.org/a', '/a#b', 'example.org:443']) {
      const line = await curlLine(requestOf({ target }), 'http://127.0.0.1:8000');
      expect(run(line).words.slice(0, 4)).to.deep.equal([
        '-i',
        '--request-target',
        target,
        'http://127.0.0.1:8000',
      ]);
    }
    expect(await curlLine(requestOf({ target: '/a/../b' }), undefined)).to.contain(
      '--path-as-is http://example.org/a/../b',
    );
  });

  it('quotes what a shell would read otherwise', async () => {
    const evil = `'; touch /tmp/x; echo "$HOME" \`id\` \\ !! \n # %s`;
    const fields = [
      ['X-Evil', evil.replace('\n', '')],
      ['X-Empty', ''],
      ['x-bytes', '\u00e9\u00c3\u00a9'],
    ] as const;
    const request = requestOf({ method: 'PUT', target: "/it's?a=$(id)&b=[1]", fields, body: evil });
    const words = await wordsOf(request, 'http://localhost:1');
    expect(words).to.deep.equal([
      '-i',
      '--globoff',
      '-X',
      'PUT',
      "http://localhost:1/it's?a=$(id)&b=[1]",
      '-H',
      `X-Evil: ${evil.replace('\n', '')}`,
      '-H',
      'X-Empty;',
      '-H',
      'x-bytes: \u00e9\u00c3\u00a9',
      '-H',
      'Content-Type:',
      '--data-binary',
      evil,
    ]);
  });

  it('sends a body of any bytes, and one that begins with @', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    for (const body of [
      bytes,
      Buffer.from('@/etc/passwd'),
      Buffer.from('é\n'),
      Buffer.from('-n'),
      Buffer.from('%s\\n'),
    ]) {
      const { words, input } = run(await curlLine(requestOf({ method: 'POST', body }), undefined));
      if (words.at(-1) === '@-') expect(input).to.deep.equal(body);
      else expect(Buffer.from(words.at(-1) ?? '', 'latin1')).to.deep.equal(body);
    }
  });

  it('names a large body, and leaves out what curl makes itself', async () => {
    const fields = [
      ['Content-Length', '20000'],
      ['Connection', 'close'],
      ['Accept-Encoding', 'gzip'],
      ['Content-Type', 'text/plain'],
    ] as const;
    const line = await curlLine(requestOf({ method: 'POST', fields, body: 'x'.repeat(20_000) }), undefined);
    expect(line).to.equal(
      "curl -i http://127.0.0.1/ -H 'Accept-Encoding: gzip' -H 'Content-Type: text/plain' --compressed --data-binary @FILE # its 20000 bytes are in the archive",
    );
  });

  it('leaves out secrets', async () => {
    const secret = 'hunter2';
    const fields = (type: string) =>
      [
        ['Cookie', `sid=${secret}; lang=${secret}`],
        ['Authorization', `Basic ${secret}`],
        ['X-API-Key', secret],
        ['Content-Type', type],
      ] as const;
    const part = `--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n${secret}\r\n--b--\r\n`;
    for (const [type, body] of [
      ['application/x-www-form-urlencoded', `user=a&password=${secret}&x=1&csrf_token=${secret}`],
      [
        'application/json',
        JSON.stringify({ user: 'a', password: `${secret}"${secret}`, nested: { api_key: secret } }),
      ],
      ['multipart/form-data; boundary=b', part],
    ] as const) {
      const line = await curlLine(
        requestOf({ method: 'POST', target: `/x?token=${secret}&a=1`, fields: fields(type), body }),
        undefined,
      );
      expect(line).to.not.contain(secret);
      expect(line)
        .to.contain('sid=REDACTED; lang=REDACTED')
        .and.contain('Basic REDACTED')
        .and.contain('token=REDACTED&a=1');
    }
  });

  it('shows a WebSocket handshake', async () => {
    const fields = [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ] as const;
    expect(await curlLine(requestOf({ fields }), undefined)).to.contain(
      "--http1.1 http://127.0.0.1/ -H 'Connection: Upgrade'",
    );
  });
});

describe('arguments for sh', () => {
  it('are what they were, whatever their bytes', () => {
    const bytes = fc
      .uint8Array({ maxLength: 40 })
      .map((list) => Buffer.from(list.filter((byte) => byte !== 0)));
    const text = fc
      .string({
        unit: fc.constantFrom("'", '"', '\\', '$', '`', '!', '\n', 'a', '-', '%', ' ', '\u00e9', '*'),
        maxLength: 12,
      })
      .map((one) => Buffer.from(one));
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, text), { minLength: 1, maxLength: 30 }), (list) => {
        // A line feed at the end of what printf makes is lost in "$(…)"; no header and no target has one.
        const words = list.map((one) => (one.at(-1) === 10 ? Buffer.concat([one, Buffer.from('x')]) : one));
        const { stdout } = spawnSync('sh', [
          '-c',
          `printf '%s\\0' ${words.map(quoted).join(' ')}; ${printfOf(words[0] ?? Buffer.alloc(0))}`,
        ]);
        const expected = words.flatMap((word) => [word, Buffer.from([0])]);
        expect(stdout).to.deep.equal(Buffer.concat([...expected, words[0] ?? Buffer.alloc(0)]));
      }),
      { numRuns: 20 },
    );
  });
});
