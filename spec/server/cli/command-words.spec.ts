/** WSGI_CMD_ARGS: flags from the environment. */
import { expect } from 'chai';
import { environmentLine, joinLines, splitWords } from '../../../lib/server/cli/command-words.js';
import { UsageError } from '../../../lib/server/cli/flags.js';

function withWords<T>(words: string | undefined, work: () => T): T {
  const before = process.env['WSGI_CMD_ARGS'];
  if (words === undefined) delete process.env['WSGI_CMD_ARGS'];
  else process.env['WSGI_CMD_ARGS'] = words;
  try {
    return work();
  } finally {
    if (before === undefined) delete process.env['WSGI_CMD_ARGS'];
    else process.env['WSGI_CMD_ARGS'] = before;
  }
}

describe('splitWords', () => {
  const cases: [string, string[]][] = [
    ['', []],
    [' \t\n', []],
    ['a  b\tc\nd', ['a', 'b', 'c', 'd']],
    [`'a b' "c d"`, ['a b', 'c d']],
    [`a'b 'c"d "e`, ['ab cd e']],
    [`'' ""`, ['', '']],
    ['a\\ b \\"', ['a b', '"']],
    [`"a\\"b\\\\c\\d" 'a\\'`, ['a"b\\c\\d', 'a\\']],
    ['--access-logformat=\'%(h)s "%(r)s"\'', ['--access-logformat=%(h)s "%(r)s"']],
    ['$HOME `id` #x *', ['$HOME', '`id`', '#x', '*']],
  ];
  for (const [text, words] of cases) {
    it(`makes ${JSON.stringify(words)} of ${JSON.stringify(text)}`, () => {
      expect(splitWords(text)).to.deep.equal(words);
    });
  }

  for (const text of [`'a`, `"a`, `a "b\\"`]) {
    it(`refuses ${text}, whose quote is not closed`, () => {
      expect(() => splitWords(text)).to.throw(UsageError, 'is not closed');
    });
  }

  it('refuses a backslash at the end', () => {
    expect(() => splitWords('a\\')).to.throw(UsageError, 'a backslash at its end');
  });
});

describe('WSGI_CMD_ARGS', () => {
  it('holds what the command line may hold', () => {
    const line = withWords("-b :80 --threads 3 -e 'A=b c' app.mjs:app", environmentLine);
    expect(line.server).to.deep.equal({ bind: ':80', threads: 3 });
    expect(line.command).to.deep.equal({ env: ['A=b c'] });
    expect(line.app).to.equal('app.mjs:app');
  });

  it('is named where it is wrong', () => {
    expect(() => withWords('--thread 3', environmentLine)).to.throw(
      UsageError,
      'WSGI_CMD_ARGS: There is no option --thread (did you mean --threads?)',
    );
  });

  it('may be missing', () => {
    expect(withWords(undefined, environmentLine)).to.deep.equal({
      app: undefined,
      args: [],
      server: {},
      command: {},
    });
  });

  it('gives way to the command line, option by option', () => {
    const below = {
      app: 'a',
      args: ['1'],
      server: { bind: ':1', threads: 1, timeout: 5 },
      command: { pid: 'a', umask: 0 },
    };
    const above = { app: undefined, args: [], server: { threads: 2 }, command: { pid: 'b' } };
    expect(joinLines(below, above)).to.deep.equal({
      app: 'a',
      args: ['1'],
      server: { bind: ':1', threads: 2, timeout: 5 },
      command: { pid: 'b', umask: 0 },
    });
    expect(joinLines(below, { ...above, server: { bind: ':2' } }).server).to.include({ bind: ':2' });
    expect(joinLines(below, { ...above, app: 'b' }))
      .to.include({ app: 'b' })
      .with.property('args').that.is.empty;
  });
});
