import { expect } from 'chai';
import type { Handler } from '../../lib/app/routes.js';
import { pathText, Routes } from '../../lib/app/routes.js';

describe('Routes', () => {
  const named =
    (name: string): Handler =>
    () =>
      name;
  const [one, two, three] = ['one', 'two', 'three'].map(named) as [Handler, Handler, Handler];

  it('finds an exact path before a prefix that was registered earlier', () => {
    const routes = new Routes();
    routes.set('/a*', one).set('/abc', two);
    expect(routes.find('/abc')).to.equal(two);
    expect(routes.find('/abd')).to.equal(one);
  });

  it('finds prefixes in the order of registration, not the longest', () => {
    const routes = new Routes();
    routes.set('/a*', one).set('/a/b*', two).set('*', three);
    expect(routes.find('/a/b/c')).to.equal(one);
    expect(routes.find('/x')).to.equal(three);
  });

  it('takes a prefix to be a prefix of itself', () => {
    const routes = new Routes();
    routes.set('/files/*', one);
    expect(routes.find('/files/')).to.equal(one);
    expect(routes.find('/files')).to.equal(undefined);
  });

  it('treats a star only at the end as one', () => {
    const routes = new Routes();
    routes.set('/*/b', one);
    expect(routes.find('/a/b')).to.equal(undefined);
    expect(routes.find('/*/b')).to.equal(one);
  });

  it('finds nothing in names that every object has', () => {
    expect(new Routes().find('constructor')).to.equal(undefined);
  });

  it('is a dictionary', () => {
    const routes = new Routes();
    routes.set('/a', one);
    expect([...routes]).to.deep.equal([['/a', one]]);
    routes.delete('/a');
    expect(routes.find('/a')).to.equal(undefined);
  });

  it('refuses what is not a path or not a handler', () => {
    const routes = new Routes();
    expect(() => routes.set(/a/ as unknown as string, one)).to.throw(TypeError, /A route is a path/);
    expect(() => routes.set('/a', 'x' as unknown as Handler)).to.throw(TypeError, /'\/a' must be a function/);
    expect(() => routes.decorator('/a')(undefined as unknown as Handler)).to.throw(TypeError);
  });
});

describe('pathText', () => {
  it('reads a native string as UTF-8, and leaves text alone', () => {
    expect(pathText('/caf\xc3\xa9')).to.equal('/café');
    expect(pathText('/€')).to.equal('/€');
  });
});
