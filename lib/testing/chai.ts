/**
 * `wsgi/testing/chai`: a plugin for chai, with its types. Chai itself is the test's, and none is imported here.
 *
 *     import { expect, use } from 'chai';
 *     import { wsgiResponses } from 'wsgi/testing/chai';
 *     use(wsgiResponses);
 *     expect(response).to.have.status(200).and.header('Content-Type', /^text\/html/);
 */
import { inspect } from 'node:util';
import { TestResponse } from './test-response.js';

declare global {
  namespace Chai {
    interface Assertion {
      /** The status code of a response, or its code and reason: `200`, `'200 OK'`. */
      status(expected: number | string): Assertion;
      /** A header that is there; with `expected`, its value or a pattern of it. Repeated ones are joined with `, `. */
      header(name: string, expected?: string | RegExp): Assertion;
      /** The body as text, or a pattern of it. */
      text(expected: string | RegExp): Assertion;
      /** The body as JSON, deeply equal. */
      json(expected: unknown): Assertion;
      /** A redirect, with exactly this Location or one of this pattern. */
      redirectTo(expected: string | RegExp): Assertion;
    }
  }
}

/** What the plugin needs of chai. */
export interface ChaiLike {
  readonly Assertion: {
    addMethod(name: string, method: Methods['any']): void;
  };
}

export interface ChaiUtilsLike {
  eql(actual: unknown, expected: unknown): boolean;
}

interface AssertionLike {
  readonly _obj: unknown;
  assert(holds: unknown, message: string, negated: string, expected?: unknown, actual?: unknown): void;
}

interface Methods {
  // A method, for those compare their parameters both ways: each assertion has its own.
  any(this: AssertionLike, ...args: unknown[]): void;
}

/** For `chai.use`. */
export function wsgiResponses({ Assertion }: ChaiLike, { eql }: ChaiUtilsLike): void {
  Assertion.addMethod('status', function (expected: number | string) {
    const { statusCode, status } = responseOf(this, 'status');
    const holds = typeof expected === 'number' ? statusCode === expected : status === expected;
    this.assert(
      holds,
      `expected the status ${expected}, not ${status}`,
      `expected a status other than ${status}`,
      expected,
      typeof expected === 'number' ? statusCode : status,
    );
  });

  Assertion.addMethod('header', function (name: string, expected?: string | RegExp) {
    const value = responseOf(this, 'header').header(name);
    const wanted = expected === undefined ? '' : ` ${inspect(expected)}`;
    this.assert(
      value !== undefined && (expected === undefined || fits(value, expected)),
      `expected the header ${name}${wanted}, not ${inspect(value)}`,
      `expected no header ${name}${wanted}`,
      expected,
      value,
    );
  });

  Assertion.addMethod('text', function (expected: string | RegExp) {
    const { text } = responseOf(this, 'text');
    this.assert(
      fits(text, expected),
      `expected the body ${inspect(expected)}, not ${inspect(text)}`,
      `expected a body other than ${inspect(expected)}`,
      expected,
      text,
    );
  });

  Assertion.addMethod('json', function (expected: unknown) {
    const { json } = responseOf(this, 'json');
    this.assert(
      eql(json, expected),
      `expected the JSON ${inspect(expected)}, not ${inspect(json)}`,
      `expected JSON other than ${inspect(expected)}`,
      expected,
      json,
    );
  });

  Assertion.addMethod('redirectTo', function (expected: string | RegExp) {
    const response = responseOf(this, 'redirectTo');
    const location = response.header('location');
    this.assert(
      [301, 302, 303, 307, 308].includes(response.statusCode) &&
        location !== undefined &&
        fits(location, expected),
      `expected a redirect to ${inspect(expected)}, not ${response.status} to ${inspect(location)}`,
      `expected no redirect to ${inspect(expected)}`,
      expected,
      location,
    );
  });
}

function fits(value: string, expected: string | RegExp): boolean {
  return typeof expected === 'string' ? value === expected : value.search(expected) !== -1;
}

function responseOf({ _obj }: AssertionLike, claim: string): TestResponse {
  if (_obj instanceof TestResponse) return _obj;
  const hint = _obj instanceof Promise ? 'a promise: await the request first' : inspect(_obj, { depth: 0 });
  throw new TypeError(`${claim}() is about a response of wsgi/testing, and this is ${hint}`);
}
