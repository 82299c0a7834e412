/** URLs in text: each time the same, however often it is asked. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parseUrl } from '../../lib/environ/syntax.js';

describe('parseUrl', () => {
  it('finds a URL with a character above U+007F also once V8 has compiled it', () => {
    let found = 0;
    for (let i = 0; i < 50_000; i++) if (parseUrl('http://bücher.example/ä') !== undefined) found++;
    expect(found).to.equal(50_000);
    expect(parseUrl('http://bücher.example/ä')?.href).to.equal('http://xn--bcher-kva.example/%C3%A4');
  });

  it('takes a base, and gives nothing for what is no URL', () => {
    expect(parseUrl('../b', 'http://a/x/y')?.href).to.equal('http://a/b');
    for (const text of ['', '/b', 'http://', 'http://a b/']) expect(parseUrl(text), text).to.equal(undefined);
  });

  it('stands for URL.canParse, which is not used', () => {
    const lib = fileURLToPath(new URL('../../lib/', import.meta.url));
    const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    expect(files).to.have.length.above(300);
    expect(files.filter((file) => readFileSync(lib + file, 'utf8').includes('URL.canParse('))).to.deep.equal(
      [],
    );
  });
});
