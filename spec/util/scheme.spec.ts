/** lib/util/scheme.ts: `wsgiref.util.guess_scheme` (CONFORMANCE D-002, D-T29). */
import { expect } from 'chai';
import { guessScheme } from '../../lib/util/index.js';

describe('guessScheme', () => {
  for (const value of ['on', '1', 'yes']) {
    it(`is https for HTTPS=${value}`, () => expect(guessScheme({ HTTPS: value })).to.equal('https'));
  }

  for (const value of ['ON', 'off', 'true', 'On', 'YES', ' on', '', '0', 1, true, null, undefined]) {
    it(`is http for HTTPS=${JSON.stringify(value)}`, () =>
      expect(guessScheme({ HTTPS: value })).to.equal('http'));
  }

  it('is http without HTTPS, whatever wsgi.url_scheme says', () => {
    expect(guessScheme({})).to.equal('http');
    expect(guessScheme({ 'wsgi.url_scheme': 'https' })).to.equal('http');
  });
});
