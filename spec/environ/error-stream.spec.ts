/** lib/environ/error-stream.ts: PEP 3333 "Input and Error Streams". */
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { TextErrorStream } from '../../lib/environ/error-stream.js';
import { NODE_OPTIONS, scriptOf } from '../support/source.js';

function recorded(): { written: string[]; errors: TextErrorStream } {
  const written: string[] = [];
  return { written, errors: new TextErrorStream({ write: (text) => written.push(text) }) };
}

describe('wsgi.errors', () => {
  it('writes each text as it comes and adds no newline', () => {
    const { written, errors } = recorded();
    errors.write('one');
    errors.write(' line\n');
    errors.writelines(['a\n', 'b']);
    expect(written).to.deep.equal(['one', ' line\n', 'a\n', 'b']);
  });

  it('takes the lines of any iterable', () => {
    const { written, errors } = recorded();
    errors.writelines(new Set(['a', 'b']));
    expect(written).to.deep.equal(['a', 'b']);
  });

  it('takes any Unicode', () => {
    const { written, errors } = recorded();
    errors.write('é 漢 😀 \ud800');
    expect(written).to.deep.equal(['é 漢 😀 \ud800']);
  });

  for (const value of [Buffer.from('bytes'), 1, null, undefined]) {
    it(`throws for ${value === null ? 'null' : typeof value}`, () => {
      const { written, errors } = recorded();
      expect(() => errors.write(value as unknown as string)).to.throw(TypeError, 'takes a string');
      expect(written).to.deep.equal([]);
    });
  }

  it('has nothing left to flush, and close does not close it', () => {
    const { written, errors } = recorded();
    errors.flush();
    errors.close();
    errors.write('still here');
    expect(written).to.deep.equal(['still here']);
  });

  it('writes to standard error of the process by default, also what UTF-8 cannot say', function () {
    this.timeout(60_000);
    const module = pathToFileURL(scriptOf('../../lib/environ/error-stream.ts', import.meta.url)).href;
    const script = `
      import { TextErrorStream } from ${JSON.stringify(module)};
      const errors = new TextErrorStream();
      errors.write('caf\\u00e9 \\ud800\\n');
      errors.close();
      errors.write('end');
      errors.flush();
      process.exit();`;
    const argv = [...NODE_OPTIONS, '--input-type=module', '-e', script];
    const { stderr, stdout } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    expect(stdout).to.equal('');
    expect(stderr).to.equal('café \ufffd\nend');
  });
});
