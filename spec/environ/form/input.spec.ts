/** lib/environ/form/form.ts: forms where `wsgi.input` is something else. */
import { expect } from 'chai';
import { type FormEnviron, parseForm } from '../../../lib/environ/form/form.js';
import { ApplicationError } from '../../../lib/errors.js';
import { rejection } from '../bodies.js';
import { END, field, TYPE } from './multipart.js';

const TYPES = [TYPE, 'application/x-www-form-urlencoded'];

for (const blocking of [false, true])
  describe(`parseForm, ${blocking ? 'in a worker thread' : 'on the event loop'}, of a wsgi.input`, () => {
    const read = async (input: unknown, type: string) => {
      const environ = { CONTENT_TYPE: type, 'wsgi.input': input, 'node.nonblocking': !blocking };
      return parseForm(environ as unknown as FormEnviron);
    };

    for (const [what, input, told] of [
      ['undefined', undefined, 'not undefined'],
      ['null', null, 'not null'],
      ['a number', 5, 'not a number'],
      ['a string', 'a=b', 'not a string'],
      ['a Buffer', Buffer.from('a=b'), 'not an object of type Buffer'],
      ['an array', [Buffer.from('a=b')], 'not an object of type Array'],
      ['an object', { read: 'a=b' }, 'not an object'],
    ] as const) {
      it(`that is ${what} says so in one sentence`, async () => {
        for (const type of TYPES) {
          const error = await rejection(read(input, type));
          expect(error).to.be.instanceOf(ApplicationError);
          expect(error.message).to.include(
            "environ['wsgi.input'] has to be an object with a method read(size)",
          );
          expect(error.message).to.include(told);
        }
      });
    }

    for (const [what, given, told] of [
      ['text', 'a=b', 'not a string'],
      ['nothing', undefined, 'not undefined'],
      ['null', null, 'not null'],
      ['numbers', [97], 'not an object of type Array'],
      ['16-bit numbers', new Uint16Array(1), 'not an object of type Uint16Array'],
    ] as const) {
      it(`that gives ${what} says so in one sentence`, async () => {
        for (const type of TYPES) {
          const error = await rejection(read({ read: () => given }, type));
          expect(error).to.be.instanceOf(ApplicationError);
          expect(error.message).to.equal(`wsgi.input.read() has to give bytes, ${told}`);
        }
      });
    }

    it('that gives any Uint8Array, or always the same, is read', async () => {
      for (const [type, body] of [
        [TYPE, `${field('a', 'long')}${END}`],
        ['application/x-www-form-urlencoded', 'a=long'],
      ] as const) {
        const bytes = new TextEncoder().encode(body);
        const shared = new Uint8Array(1);
        let at = 0;
        const form = await read(
          {
            read: () => {
              if (at === bytes.length) return new Uint8Array();
              shared[0] = bytes[at++] as number;
              return shared;
            },
          },
          type,
        );
        expect([...form.fields]).to.deep.equal([['a', 'long']]);
      }
    });

    it('that is not needed is left alone', async () => {
      expect((await read(undefined, 'text/plain')).fields.size).to.equal(0);
    });
  });
