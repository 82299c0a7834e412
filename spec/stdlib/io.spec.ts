/** BytesIO and StringIO, as CPython has them, and BytesIO as the `wsgi.input` of both modes. */
import { expect } from 'chai';
import { parseForm } from '../../lib/environ/form/form.js';
import type { BlockingInput, Environ, Input } from '../../lib/environ/types.js';
import { OSError } from '../../lib/stdlib/errors.js';
import { BytesIO, StringIO, UnsupportedOperation } from '../../lib/stdlib/io.js';
import { checkAll, difference, type Exception, expectedOf, outcomeOf } from './recorded.js';
import { type Case, casesOf, decode } from './vectors.js';

const EXCEPTIONS: readonly Exception[] = [
  {
    why: '2.0 and 1.0 are 2 and 1 in JavaScript: a size is refused for its fraction only',
    is: ({ steps = [] }) => /"float":"\d\.0"/.test(JSON.stringify(steps)),
    count: 3,
  },
];

type AnyStream = BytesIO | StringIO;
type Method = (...given: unknown[]) => unknown;

function perform(stream: AnyStream, [operation = '', ...given]: readonly unknown[]): unknown {
  const args = given.map(decode);
  switch (operation) {
    case 'iter':
      return [...stream];
    case 'closed':
      return stream.closed;
    case 'getbuffer_len':
      return (stream as BytesIO).getbuffer().length;
    case 'readinto': {
      const buffer = Buffer.alloc(args[0] as number);
      return [(stream as BytesIO).readinto(buffer), buffer];
    }
    case 'next': {
      const { done, value } = stream.next();
      if (done) throw Object.assign(new Error(), { name: 'StopIteration' });
      return value;
    }
    default:
      return (stream as unknown as Record<string, Method>)[operation as string]?.(...args);
  }
}

function problem({ fn, init, kw, steps = [], out, err }: Case): string | undefined {
  const made = () => {
    const initial = decode(init);
    if (fn === 'BytesIO') return new BytesIO(initial as Buffer);
    return kw === undefined ? new StringIO(initial as string) : new StringIO(initial as string, kw);
  };
  if (err !== undefined) return difference(outcomeOf(made), { err: err.type });
  const stream = made();
  const results = steps.map((step) => outcomeOf(() => perform(stream, step)));
  return difference(
    results,
    (out as unknown[]).map((one) => expectedOf(one, decode)),
  );
}

describe('wsgi/stdlib/io', () => {
  const cases = casesOf('io');
  it('BytesIO does what CPython recorded', () => {
    checkAll(
      cases.filter(({ fn }) => fn === 'BytesIO'),
      EXCEPTIONS,
      problem,
    );
  });
  it('StringIO does what CPython recorded', () => {
    checkAll(
      cases.filter(({ fn }) => fn === 'StringIO'),
      [],
      problem,
    );
  });

  it('refuses sizes with a fraction, and text where bytes belong', () => {
    const stream = new BytesIO(Buffer.from('abc'));
    expect(() => stream.read(1.5)).to.throw(TypeError, 'A whole number is required, not 1.5');
    expect(() => stream.write('text' as unknown as Buffer)).to.throw(TypeError, 'not a string');
    expect(() => stream.fileno())
      .to.throw(UnsupportedOperation, 'fileno')
      .and.to.be.instanceOf(OSError);
  });

  it('keeps bytes of its own', () => {
    const sent = Buffer.from('abc');
    const stream = new BytesIO(sent);
    sent[0] = 0x58;
    const read = stream.read();
    stream.seek(0);
    stream.write(Buffer.from('Z'));
    expect([read.toString(), stream.getvalue().toString()]).to.deep.equal(['abc', 'Zbc']);
  });

  it('grows in linear time, and counts characters in StringIO', () => {
    const bytes = new BytesIO();
    const text = new StringIO({ newline: '' });
    for (let i = 0; i < 100_000; i++) bytes.write(Buffer.from('x'));
    expect(text.write('a\r\u{1f600}')).to.equal(3);
    expect([bytes.tell(), text.tell(), text.getvalue()]).to.deep.equal([100_000, 3, 'a\r\u{1f600}']);
  });

  describe('BytesIO as wsgi.input', () => {
    const BODY = 'a=1&b=2\nsecond';

    it('serves an application that blocks', () => {
      const input: BlockingInput = new BytesIO(Buffer.from(BODY));
      expect([...input].map(String)).to.deep.equal(['a=1&b=2\n', 'second']);
    });

    it('serves an application on the event loop', async () => {
      const input = new BytesIO(Buffer.from(BODY)) as unknown as Input;
      expect(String(await input.readline())).to.equal('a=1&b=2\n');
      const lines: string[] = [];
      for await (const line of input) lines.push(String(line));
      expect(lines).to.deep.equal(['second']);
    });

    it('serves parseForm in both modes', async () => {
      const environ = { CONTENT_TYPE: 'application/x-www-form-urlencoded' };
      const body = Buffer.from('a=1&b=2');
      const blocking = parseForm({ ...environ, 'wsgi.input': new BytesIO(body), 'node.nonblocking': false });
      expect(blocking.fields.get('b')).to.equal('2');
      const input = new BytesIO(body) as unknown as Environ['wsgi.input'];
      const form = await parseForm({ ...environ, 'wsgi.input': input, 'node.nonblocking': true });
      expect(form.fields.get('b')).to.equal('2');
    });
  });
});
