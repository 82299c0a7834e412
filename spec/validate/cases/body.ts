/** Programs that break the rules of C4: what an application returns, and what a server does with it. */
import { expect } from 'chai';
import type { Body, Environ } from '../../../lib/environ/types.js';
import { type ValidatorOptions, validator } from '../../../lib/validate/index.js';
import { collectGarbage } from '../../support/garbage.js';
import { type Case, environOf, HEADERS, loose, plain, serve } from '../support.js';

const ok = Buffer.from('ok');

function returns(body: unknown) {
  return () => serve(validator(app(body)));
}

/** Answers with whatever `body` is. */
function app(body: unknown) {
  return loose((_environ, start_response) => {
    start_response('200 OK', HEADERS);
    return body;
  });
}

interface Response {
  readonly method?: string;
  readonly status?: string;
  readonly headers?: unknown;
  readonly body: unknown;
  /** What write is given. */
  readonly written?: Buffer;
}

function answers({ method = 'GET', status = '200 OK', headers = HEADERS, body, written }: Response) {
  const program = loose((_environ, start_response) => {
    const write = start_response(status, headers);
    if (written !== undefined) write(written);
    return body;
  });
  return () => serve(validator(program), { environ: environOf({ REQUEST_METHOD: method }) });
}

function declares(length: number, body: unknown, more: Partial<Response> = {}) {
  return answers({ headers: [...HEADERS, ['Content-Length', String(length)]], body, ...more });
}

/** A body that a server treats as `treat` does. */
function treated(treat: (body: Iterable<unknown> & Body) => unknown) {
  return async () => {
    const body = validator(loose(plain))(environOf() as Environ, () => () => undefined);
    await treat(body as Iterable<unknown> & Body);
  };
}

function* items(count: number, size: number): Generator<Buffer> {
  for (let i = 0; i < count; i++) yield Buffer.alloc(size);
}

function counted(length: number, count: number) {
  return { length, [Symbol.iterator]: () => items(count, 2) };
}

const PERFORMANCE: ValidatorOptions = { performance: true };

function sized(count: number, size: number, options?: ValidatorOptions) {
  return () => serve(validator(app(items(count, size)), options));
}

export const BODY: readonly Case[] = [
  ...[undefined, null, false, 0, {}, () => [ok]].map(
    (body): Case => ({
      id: 'C-100',
      what: `${typeof body} ${body}`,
      code: 'body-not-iterable',
      run: returns(body),
    }),
  ),
  { id: 'C-100', what: 'an empty list', run: returns([]) },
  { id: 'C-101', what: 'a string', code: 'body-is-string', run: returns('ok') },
  { id: 'C-101', what: 'a Buffer', code: 'body-is-string', run: returns(ok) },
  { id: 'C-101', what: 'an ArrayBuffer', code: 'body-is-string', run: returns(new ArrayBuffer(2)) },
  ...['ok', 1, new ArrayBuffer(2), [1], null].map(
    (item): Case => ({
      id: 'C-102',
      what: Object.prototype.toString.call(item),
      code: 'item-not-bytes',
      run: returns([item]),
    }),
  ),
  { id: 'C-102', what: 'a Uint8Array', run: returns([new Uint8Array(2)]) },
  {
    id: 'C-103',
    what: 'an item, and no start_response',
    code: 'body-before-start-response',
    run: () => serve(validator(loose(() => [ok]))),
  },
  {
    id: 'C-103',
    what: 'an item before start_response',
    code: 'body-before-start-response',
    run: () =>
      serve(
        validator(
          loose(function* (_environ, start_response) {
            yield Buffer.alloc(0);
            start_response('200 OK', HEADERS);
          }),
        ),
      ),
  },
  {
    id: 'C-103',
    what: 'no item, and no start_response',
    code: 'body-before-start-response',
    run: () => serve(validator(loose(() => []))),
  },
  {
    id: 'C-104',
    what: 'two iterators',
    code: 'iterated-twice',
    run: treated((body) => [...body, ...body]),
  },
  {
    id: 'C-104',
    what: 'an iterator after close',
    code: 'iterated-after-close',
    run: treated((body) => [body.close?.(), ...body]),
  },
  {
    id: 'C-104',
    what: 'an item after close',
    code: 'iterated-after-close',
    run: treated((body) => {
      const iterator = body[Symbol.iterator]();
      body.close?.();
      iterator.next();
    }),
  },
  {
    id: 'C-105',
    what: 'a body that is dropped',
    code: 'not-closed',
    run: async () => {
      await treated((body) => [...body])();
      for (let i = 0; i < 5; i++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        collectGarbage();
      }
    },
  },
  {
    id: 'C-106',
    what: 'a second close',
    code: 'closed-twice',
    run: treated((body) => [...body, body.close?.(), body.close?.()]),
  },
  { id: 'C-107', what: 'less', code: 'content-length-mismatch', run: declares(3, [ok]) },
  { id: 'C-107', what: 'nothing', code: 'content-length-mismatch', run: declares(3, []) },
  { id: 'C-107', what: 'more', code: 'content-length-mismatch', run: declares(1, [ok]) },
  {
    id: 'C-107',
    what: 'more by write',
    code: 'content-length-mismatch',
    run: declares(1, [], { written: ok }),
  },
  { id: 'C-107', what: 'write and items that make the sum', run: declares(4, [ok], { written: ok }) },
  { id: 'C-107', what: 'a length on HEAD', run: declares(2, [], { method: 'HEAD' }) },
  {
    id: 'C-107',
    what: 'a length with zeros',
    run: answers({ headers: [...HEADERS, ['Content-Length', '02']], body: [ok] }),
  },
  { id: 'C-108', what: 'a body', code: 'body-on-head', run: answers({ method: 'HEAD', body: [ok] }) },
  {
    id: 'C-108',
    what: 'a body by write',
    code: 'body-on-head',
    run: answers({ method: 'HEAD', body: [], written: ok }),
  },
  { id: 'C-108', what: 'an empty block', run: answers({ method: 'HEAD', body: [Buffer.alloc(0)] }) },
  ...['204 No Content', '205 Reset Content', '304 Not Modified'].map(
    (status): Case => ({
      id: 'C-109',
      what: status,
      code: 'body-not-allowed',
      run: answers({ status, headers: [], body: [ok] }),
    }),
  ),
  { id: 'C-109', what: 'an empty 204', run: answers({ status: '204 No Content', headers: [], body: [] }) },
  { id: 'C-110', what: 'less items', code: 'length-lies', run: returns(counted(2, 1)) },
  { id: 'C-110', what: 'more items', code: 'length-lies', run: returns(counted(1, 2)) },
  { id: 'C-110', what: 'as many items', run: returns(counted(2, 2)) },
  {
    id: 'C-114',
    what: 'a body with a length, which keeps it',
    run: async () => expect((await returns([ok, ok])()).body).to.have.property('length', 2),
  },
  {
    id: 'C-114',
    what: 'a body without a length, which gets none',
    run: async () => expect((await returns(items(1, 2))()).body).to.not.have.property('length'),
  },
  { id: 'C-116', what: 'a large item', code: 'item-size', run: sized(1, 1024 * 1024 + 1, PERFORMANCE) },
  { id: 'C-116', what: 'many small items', code: 'item-size', run: sized(1001, 15, PERFORMANCE) },
  { id: 'C-116', what: 'items of a good size', run: sized(1001, 16, PERFORMANCE) },
  { id: 'C-116', what: 'a large item, by default', run: sized(1, 1024 * 1024 + 1) },
];
