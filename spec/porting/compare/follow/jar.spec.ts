/** The cookies of one client: which of them go with a request (RFC 6265 section 5.4). */
import { expect } from 'chai';
import { Jar } from '../../../../lib/porting/compare/follow/jar.js';
import { storedBytes } from '../../../../lib/porting/compare/follow/request-values.js';

const scope = (host: string, path = '/') => ({ host, path, secure: true });

function jarOf(host: string, ...cookies: readonly string[]): Jar {
  const jar = new Jar();
  const fields = cookies.map((cookie) => ['Set-Cookie', cookie] as const);
  const answer = {
    status: 200,
    reason: 'OK',
    version: '1.1',
    fields,
    trailers: [],
    body: storedBytes(Buffer.alloc(0)),
  };
  jar.take(answer, scope(host), Date.now());
  return jar;
}

describe('the jar of a client', () => {
  it('sends a cookie back to the host that gave it, and to no other', () => {
    const jar = jarOf('shop.example', 'session=1');
    expect([...jar.for(scope('shop.example'))]).to.deep.equal([['session', '1']]);
    expect([...jar.for(scope('other.example'))]).to.deep.equal([]);
    expect([...jar.for(scope('www.shop.example'))]).to.deep.equal([]);
  });

  it('sends a cookie of a domain to the hosts below it', () => {
    const jar = jarOf('www.shop.example', 'session=1; Domain=shop.example');
    expect([...jar.for(scope('shop.example')).keys()]).to.deep.equal(['session']);
    expect([...jar.for(scope('api.shop.example')).keys()]).to.deep.equal(['session']);
    expect([...jar.for(scope('workshop.example')).keys()]).to.deep.equal([]);
  });

  it('sends the cookie of the longer path', () => {
    const jar = jarOf('shop.example', 'a=1', 'a=2; Path=/cart');
    expect(jar.for(scope('shop.example', '/cart/1')).get('a')).to.equal('2');
    expect(jar.for(scope('shop.example', '/')).get('a')).to.equal('1');
  });
});
