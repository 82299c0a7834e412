/** lib/environ/environ.ts: the request target (RFC 9112 section 3.2). */
import { expect } from 'chai';
import { isAuthority, parseTarget } from '../../lib/environ/environ.js';
import { RequestError } from '../../lib/errors.js';

function refusal(method: string, target: string, scheme = 'http'): RequestError {
  try {
    parseTarget(method, target, scheme);
  } catch (error) {
    expect(error).to.be.instanceOf(RequestError);
    return error as RequestError;
  }
  throw new Error(`Expected ${target} to be refused`);
}

describe('parseTarget', () => {
  for (const [target, path, query] of [
    ['/', '/', ''],
    ['/a/b', '/a/b', ''],
    ['/a?', '/a', ''],
    ['/a?b=c', '/a', 'b=c'],
    ['/a?b?c', '/a', 'b?c'],
    ['/?x', '/', 'x'],
    ['/a#f?g', '/a', ''],
    ['/a?b#f', '/a', 'b'],
    ['//foo///bar', '//foo///bar', ''],
    ['/a/../b/.', '/a/../b/.', ''],
    ['/a;p', '/a;p', ''],
    ['/%41?%42', '/%41', '%42'],
    ['/http://x/', '/http://x/', ''],
  ] as const) {
    it(`takes ${target} apart`, () => {
      expect(parseTarget('GET', target, 'http')).to.deep.equal({ path, query, authority: undefined });
    });
  }

  for (const [target, path, query, authority] of [
    ['http://other:81/env?x=1', '/env', 'x=1', 'other:81'],
    ['http://other', '/', '', 'other'],
    ['http://other?x', '/', 'x', 'other'],
    ['http://other#f', '/', '', 'other'],
    ['HTTP://Other/A', '/A', '', 'Other'],
    ['http://[::1]:80/a', '/a', '', '[::1]:80'],
  ] as const) {
    it(`takes the authority out of ${target}`, () => {
      expect(parseTarget('GET', target, 'http')).to.deep.equal({ path, query, authority });
    });
  }

  it('takes * for OPTIONS only', () => {
    expect(parseTarget('OPTIONS', '*', 'http')).to.deep.equal({ path: '*', query: '', authority: undefined });
    expect(refusal('GET', '*').status).to.equal(400);
  });

  for (const target of [
    '',
    'a',
    'a/b',
    '?x',
    '*x',
    'example.org:80',
    'http:/x',
    'http://',
    'http:///x',
    'http://u@h/',
  ]) {
    it(`refuses ${JSON.stringify(target)} with 400`, () => {
      expect(refusal('GET', target).status).to.equal(400);
    });
  }

  it('refuses a target of the other scheme with 421, of any third with 400', () => {
    expect(refusal('GET', 'https://h/').status).to.equal(421);
    expect(refusal('GET', 'http://h/', 'https').status).to.equal(421);
    expect(refusal('GET', 'ftp://h/').status).to.equal(400);
    expect(parseTarget('GET', 'https://h/', 'https').authority).to.equal('h');
  });
});

describe('isAuthority', () => {
  for (const value of [
    '',
    'h',
    'h.example',
    'h:80',
    'h:',
    '127.0.0.1:1',
    '[::1]',
    '[::1]:80',
    '[fe80::1.2.3.4]',
    'a_b',
    '%61',
  ]) {
    it(`takes ${JSON.stringify(value)}`, () => expect(isAuthority(value)).to.equal(true));
  }

  for (const value of [
    'h:80:80',
    'h:x',
    'a b',
    'h/x',
    'u@h',
    '[::1',
    '::1',
    '[::1]x',
    'h?x',
    'h\\x',
    'h"',
    'h,i;j<',
    'é',
  ]) {
    it(`refuses ${JSON.stringify(value)}`, () => expect(isAuthority(value)).to.equal(false));
  }
});
