/** lib/util/hop-by-hop.ts: `wsgiref.util.is_hop_by_hop` (CONFORMANCE D-007, D-T31). */
import { expect } from 'chai';
import { isHopByHop } from '../../lib/util/wsgiref-util.js';

const HOP_BY_HOP =
  'Connection Keep-Alive Proxy-Authenticate Proxy-Authorization TE Trailers Transfer-Encoding Upgrade';
const END_TO_END =
  'Accept Cache-Control Date Pragma Trailer Via Warning Proxy-Connection Content-Length constructor';

describe('isHopByHop', () => {
  for (const name of HOP_BY_HOP.split(' ')) {
    it(`is true for ${name} in any case`, () => {
      for (const spelled of [name, name.toLowerCase(), name.toUpperCase()]) {
        expect(isHopByHop(spelled)).to.equal(true);
      }
    });
  }

  for (const name of END_TO_END.split(' ')) {
    it(`is false for ${name}`, () => expect(isHopByHop(name)).to.equal(false));
  }
});
