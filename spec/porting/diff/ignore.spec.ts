/** Rules to ignore: how they are written, what they leave out, and what is wrong with bad ones. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '../../../lib/errors.js';
import { Ignore, readIgnoreFile } from '../../../lib/porting/diff/ignore.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { differ } from '../answers.js';

describe('Ignore', () => {
  it('leaves out header fields by name', async () => {
    const fields = (value: string) => ({
      fields: [
        ['X-Request-Id', value],
        ['Set-Cookie', `a=${value}`],
        ['Location', `/${value}`],
        ['Content-Type', `text/${value}`],
      ] as const,
    });
    const all = ['x-request-id', 'Set-Cookie', 'LOCATION', 'Content-Type'];
    expect(await differ(fields('a'), fields('b'), { ignore: all })).to.deep.equal([]);
    expect(await differ(fields('a'), fields('b'))).to.have.length(4);
  });

  it('leaves out what an expression matches in fields, cookies, redirects and text', async () => {
    const answer = (id: string) => ({
      type: 'text/html',
      fields: [
        ['X-Id', id],
        ['Set-Cookie', `a=${id}`],
        ['Location', `/x/${id}`],
      ] as const,
      body: `<p id="p-${id}">Hello ${id}, it is time`,
    });
    const [one, other] = [answer('0123abcd'), answer('99aaffee')];
    expect(await differ(one, other, { ignore: ['/[0-9a-f]{8}/'] })).to.deep.equal([]);
    expect(await differ(one, other)).to.have.length(5);
    expect(
      await differ(
        { type: 'text/plain', body: 'a\n1\nb' },
        { type: 'text/plain', body: 'A\n2\nB' },
        { ignore: ['/a\\n\\d/i', '/b/gi'] },
      ),
    ).to.deep.equal([]);
  });

  it('knows pointers from expressions, and takes a word for it', () => {
    expect(Ignore.parse(['/user/id']).pointer(['user', 'id'])).to.equal(true);
    expect(Ignore.parse(['/user/id']).masks).to.equal(false);
    expect(Ignore.parse(['/a.b/i']).masks).to.equal(true);
    expect(Ignore.parse(['pointer:/point/v']).pointer(['point', 'v'])).to.equal(true);
    expect(Ignore.parse(['regexp:/user/']).masks).to.equal(true);
    expect(Ignore.parse(['header:ETag']).header('etag')).to.equal(true);
    expect(Ignore.parse(['/a~1b/~0']).pointer(['a/b', '~', 'below'])).to.equal(true);
    expect(Ignore.parse(['/a/*/c']).pointer(['a', 'b'])).to.equal(false);
  });

  for (const [rule, message] of [
    ['', /"" is not a header name/],
    ['two words', /"two words" is not/],
    ['/(/', /"\/\(\/": .*Unterminated group/],
    ['regexp:abc', /"regexp:abc" is not a regular expression: write it between slashes/],
    ['/x*/', /matches an empty text/],
    ['/a~b', /~ is ~0/],
    ['pointer:a', /begins with \//],
  ] as const) {
    it(`refuses ${JSON.stringify(rule)}`, () => {
      expect(() => Ignore.parse([rule])).to.throw(ConfigError, message);
    });
  }
});

describe('readIgnoreFile', () => {
  afterEach(removeTemporaryFolders);

  it('reads one rule a line, without comments', async () => {
    const path = join(temporaryFolder(), 'ignore.txt');
    writeFileSync(path, '\ufeff# times\r\nETag\r\n\r\n  /items/*/id  \n/#\\d+/\n');
    expect(await readIgnoreFile(path)).to.deep.equal(['ETag', '/items/*/id', '/#\\d+/']);
  });

  it('says in which line a rule is wrong, and that there is no file', async () => {
    const path = join(temporaryFolder(), 'bad.txt');
    writeFileSync(path, 'ETag\n/[/\n');
    expect(await failure(path)).to.match(/bad\.txt, line 2: --ignore "\/\[\/"/);
    expect(await failure(join(temporaryFolder(), 'none'))).to.match(
      /^The file of --ignore cannot be read: ENOENT/,
    );
  });

  function failure(path: string): Promise<string> {
    return readIgnoreFile(path).then(
      () => 'none',
      (error: Error) => error.message,
    );
  }
});
