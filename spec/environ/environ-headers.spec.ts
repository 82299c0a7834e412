/** lib/environ/environ.ts: the keys that headers set (RFC 3875 section 4.1.18). */
import { expect } from 'chai';
import type { Environ } from '../../lib/environ/types.js';
import { build, HOST, refusal } from './heads.js';

/** Only the keys that headers set. */
function fromHeaders(environ: Environ): Record<string, unknown> {
  return Object.fromEntries(Object.entries(environ).filter(([key]) => /^(HTTP|CONTENT)_/.test(key)));
}

describe('environ', () => {
  describe('headers', () => {
    it('are HTTP_ and the name in capitals, with underscores', () => {
      const environ = build('GET / HTTP/1.1', [
        ...HOST,
        ['X-Test-Header', 'v'],
        ['aUTHorization', 'Basic x'],
        ['TE', 'trailers'],
      ]);
      expect(fromHeaders(environ)).to.deep.equal({
        HTTP_HOST: 'h.example',
        HTTP_X_TEST_HEADER: 'v',
        HTTP_AUTHORIZATION: 'Basic x',
        HTTP_TE: 'trailers',
      });
    });

    it('set CONTENT_TYPE and CONTENT_LENGTH, and no HTTP_CONTENT_*', () => {
      const environ = build('POST / HTTP/1.1', [
        ...HOST,
        ['Content-Type', 'Text/Plain; x="Y"'],
        ['Content-Length', '007'],
      ]);
      expect(fromHeaders(environ)).to.deep.equal({
        HTTP_HOST: 'h.example',
        CONTENT_TYPE: 'Text/Plain; x="Y"',
        CONTENT_LENGTH: '007',
      });
    });

    it('that were not sent set nothing', () => {
      expect(fromHeaders(build('GET /a HTTP/1.1'))).to.deep.equal({ HTTP_HOST: 'h.example' });
      expect(fromHeaders(build('GET /a HTTP/1.0', []))).to.deep.equal({});
    });

    it('may be empty', () => {
      expect(build('GET / HTTP/1.1', [...HOST, ['Empty', '']])['HTTP_EMPTY']).to.equal('');
    });

    it('keep each byte', () => {
      expect(build('GET / HTTP/1.1', [...HOST, ['X-C', '\xe9\x80\xff']])['HTTP_X_C']).to.equal(
        '\xe9\x80\xff',
      );
    });

    for (const [name, why] of [
      ['X_B', 'has an underscore'],
      ['Content_Length', 'has an underscore'],
      ['__proto__', 'has an underscore'],
      ['Proxy', 'would be HTTP_PROXY'],
      ['Transfer-Encoding', 'is the gateway’s'],
    ] as const) {
      it(`are left out where the name ${why}: ${name}`, () => {
        const once = build('GET / HTTP/1.1', [...HOST, [name, 'chunked']]);
        expect(fromHeaders(once)).to.deep.equal({ HTTP_HOST: 'h.example' });
        const twice = build('GET / HTTP/1.1', [
          ...HOST,
          [name, 'chunked'],
          ['A', '1'],
          [name, 'b'],
          ['A', '2'],
        ]);
        expect(fromHeaders(twice)).to.deep.equal({ HTTP_HOST: 'h.example', HTTP_A: '1,2' });
      });
    }

    it('with an underscore do not change that of the name with a dash', () => {
      const environ = build('GET / HTTP/1.1', [...HOST, ['X-User', 'safe'], ['X_User', 'forged']]);
      expect(environ['HTTP_X_USER']).to.equal('safe');
    });

    describe('sent twice', () => {
      it('are joined by a comma, in order', () => {
        const environ = build('GET /p%61th/?query=test HTTP/1.1', [
          ['X-Test-Header', 'Python test'],
          ...HOST,
          ['x-test-header', 'Python test 2'],
        ]);
        expect(environ['HTTP_X_TEST_HEADER']).to.equal('Python test,Python test 2');
      });

      it('are joined also where Node drops or lists them', () => {
        const twice = [
          'Authorization',
          'User-Agent',
          'Referer',
          'From',
          'Set-Cookie',
          'Age',
          'If-Modified-Since',
          'ETag',
        ];
        const environ = build('GET / HTTP/1.1', [
          ...HOST,
          ...twice.flatMap(
            (n) =>
              [
                [n, 'a'],
                [n, 'b'],
              ] as const,
          ),
        ]);
        for (const name of twice) {
          expect(environ[`HTTP_${name.toUpperCase().replaceAll('-', '_')}`], name).to.equal('a,b');
        }
      });

      it('are joined by "; " for Cookie', () => {
        const environ = build('GET / HTTP/1.1', [...HOST, ['Cookie', 'a=1'], ['X', 'x'], ['Cookie', 'b=2']]);
        expect(environ['HTTP_COOKIE']).to.equal('a=1; b=2');
        expect('COOKIE' in environ).to.equal(false);
      });

      for (const name of ['Host', 'Content-Type', 'Content-Length']) {
        it(`are refused for ${name}, equal or not`, () => {
          const others = name === 'Host' ? [] : HOST;
          for (const second of ['1', '2']) {
            const error = refusal('POST / HTTP/1.1', [...others, [name, '1'], [name.toLowerCase(), second]]);
            expect(error.status).to.equal(400);
            expect(error.message).to.include('more than once');
          }
        });
      }
    });

    it('that Node lists are here when sent once, wherever they stand', () => {
      expect(build('GET / HTTP/1.1', [...HOST, ['Set-Cookie', 'a']])['HTTP_SET_COOKIE']).to.equal('a');
      const between = build('GET / HTTP/1.1', [['Set-Cookie', 'a'], ...HOST, ['X', 'x']]);
      expect(between).to.include({ HTTP_SET_COOKIE: 'a', HTTP_HOST: 'h.example', HTTP_X: 'x' });
    });
  });

  describe('HTTP_HOST', () => {
    it('must be sent with HTTP/1.1, also when the target names a host', () => {
      expect(refusal('GET / HTTP/1.1', []).status).to.equal(400);
      expect(refusal('GET http://h/ HTTP/1.1', []).status).to.equal(400);
    });

    it('may be absent from HTTP/1.0, and then is that of the target if it names one', () => {
      expect('HTTP_HOST' in build('GET / HTTP/1.0', [])).to.equal(false);
      expect(build('GET http://h/ HTTP/1.0', [])['HTTP_HOST']).to.equal('h');
    });

    it('may be empty', () => {
      expect(build('GET / HTTP/1.1', [['Host', '']])['HTTP_HOST']).to.equal('');
    });

    for (const host of ['h:80:80', 'a b', 'h/x', 'u@h', 'h?', '[::1', 'h, i;j<']) {
      it(`is refused when it is ${JSON.stringify(host)}`, () => {
        expect(refusal('GET / HTTP/1.1', [['Host', host]]).status).to.equal(400);
      });
    }

    it('does not become SERVER_NAME', () => {
      expect(build('GET / HTTP/1.1', [['Host', 'evil:1']])).to.include({
        SERVER_NAME: 'server.example',
        SERVER_PORT: '8000',
      });
    });
  });
});
