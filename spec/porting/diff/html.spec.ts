/** HTML: what counts as a difference between two pages, and where it is said to be. */
import { expect } from 'chai';
import { tokensOf } from '../../../lib/porting/diff/html-tokens.js';
import { answerOf, differ } from '../answers.js';

const html = (a: string, b: string, options = {}) =>
  differ({ type: 'text/html', body: a }, { type: 'text/html', body: b }, options);

async function same(...pages: string[]): Promise<void> {
  const [first = '', ...others] = pages;
  for (const other of others) expect(await html(first, other), `${first} | ${other}`).to.deep.equal([]);
}

describe('two HTML pages', () => {
  it('are the same with attributes in another order, case or quotes', async () => {
    await same('<p id=a class="b c">x', '<P CLASS=\'b c\' id="a">x', '<p class="  b\n c " id=a >x</p>');
    await same('<input disabled>', '<input disabled="">', '<input disabled/>');
  });

  it('are the same with other white space that no one sees', async () => {
    await same('<ul><li>a</li><li>b</li></ul>', '<ul>\n  <li> a\n  <li>b  </li>\r\n</ul>\n');
    await same('<p>a <b>b</b> c</p>', '<p>\n a\n<b>b</b>\tc\n</p>');
    await same('<p>a b</p>', '<p>a\n  b</p>', '<p>a<!-- x --> b</p>');
  });

  it('differ by white space that is seen', async () => {
    expect(await html('<b>a</b> <b>b</b>', '<b>a</b><b>b</b>')).to.deep.equal(['body /text():   | -']);
    expect(await html('<pre>a  b</pre>', '<pre>a b</pre>')).to.deep.equal(['body /pre/text(): a  b | a b']);
    expect(await html('<p>a b</p>', '<p>ab</p>')).to.have.length(1);
    await same('<pre>a</pre>', '<pre>\na</pre>');
  });

  it('are the same with entities, and tags that may be left out', async () => {
    await same('<p title="a&amp;b">&lt;caf&eacute;&gt; &#x41;', '<p title="a&b">&lt;café&gt; A</p>');
    await same(
      '<table><tr><td>1<td>2</table>',
      '<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>',
    );
    await same(
      '<html><head><title>x</title></head><body><p>a<p>b</body></html>',
      '<title>x</title><p>a</p><p>b</p>',
    );
    await same('<dl><dt>a<dd>b<dt>c</dl>', '<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>');
    await same(
      '<select><option>a<option>b</select>',
      '<select><option>a</option><option>b</option></select>',
    );
  });

  it('differ by text, with its place', async () => {
    expect(await html('<html><body><ul><li>a<li>b</ul>', '<html><body><ul><li>a<li>c</ul>')).to.deep.equal([
      'body /html/body/ul/li[2]/text(): b | c',
    ]);
  });

  it('differ by attribute, with its place', async () => {
    const form = (value: string, more = '') =>
      `<form><input name=a><input name=csrf value="${value}"${more}></form>`;
    expect(await html(form('1'), form('2'))).to.deep.equal(['body /form/input[2]/@value: 1 | 2']);
    expect(await html(form('1'), form('1', ' required'))).to.deep.equal([
      'body /form/input[2]/@required: - | ',
    ]);
    expect(await html('<p class="a b">', '<p class="b a">')).to.deep.equal(['body /p/@class: a b | b a']);
  });

  it('differ by an element that is missing, once, and nothing after it', async () => {
    const list = (items: string[]) =>
      `<ul>${items.map((item) => `<li class=x><b>${item}</b> end</li>`).join('')}</ul><p>after`;
    expect(await html(list(['a', 'b', 'c']), list(['b', 'c']))).to.deep.equal([
      'body /ul/li: <li class="x"> | -',
    ]);
    expect(await html(list(['a']), list(['a', 'new']))).to.deep.equal(['body /ul/li[2]: - | <li class="x">']);
    expect(await html('<div><p>a</p></div>', '<section><p>a</p></section>')).to.have.length(2);
  });

  it('differ by what is inside of what', async () => {
    expect(await html('<div></div><p>a</p>', '<div><p>a</p></div>')).to.have.length(2);
    expect(await html('<b>a</b>c', '<b>ac</b>')).to.not.deep.equal([]);
  });

  it('differ by doctype, script and style', async () => {
    await same('<!DOCTYPE html><p>a', '<!doctype  HTML><p>a');
    expect(await html('<!doctype html><p>a', '<p>a')).to.deep.equal(['body /doctype: <!doctype html> | -']);
    expect(
      await html('<script>if (a < b) "</p>"</script>', '<script>if (a < c) "</p>"</script>'),
    ).to.deep.equal(['body /script/text(): if (a < b) "</p>" | if (a < c) "</p>"']);
  });

  it('have links to the server itself with and without its host', async () => {
    const page = (link: string, url: string) => ({
      answer: answerOf({ type: 'text/html', body: `<a href="${link}">x</a>` }),
      url,
    });
    const [here, there] = ['http://127.0.0.1:8000/', 'http://127.0.0.1:9000/'];
    expect(
      await differ(page('http://127.0.0.1:8000/a', here), page('http://127.0.0.1:9000/a', there)),
    ).to.deep.equal([]);
    expect(await differ(page('/a', here), page('http://127.0.0.1:9000/a', there))).to.deep.equal([]);
    expect(await differ(page('/a', here), page('http://127.0.0.1:90001/a', there))).to.have.length(1);
  });

  it('of any size and depth are compared in a moment', async () => {
    const deep = (text: string) => `${'<div>'.repeat(5000)}${text}`;
    expect(await html(deep('a'), deep('b'))).to.have.length(1);
    const long = (text: string) => `${'<p>x'.repeat(5000)}${text}`;
    expect(await html(long('a'), long('b'))).to.have.length(1);
    const other = Array.from({ length: 1000 }, (_, at) => `<i>${at}</i>`);
    expect(await html(other.join(''), [...other].reverse().join(''))).to.not.deep.equal([]);
  }).timeout(60_000);
});

describe('tokensOf', () => {
  const tokens = (text: string) =>
    [...tokensOf(text)].map((token) => {
      if (token.type === 'text' || token.type === 'doctype') return token.text;
      if (token.type === 'end') return `</${token.name}>`;
      return [
        `<${token.name}`,
        ...[...token.attributes].map(([name, value]) => ` ${name}=[${value}]`),
        '>',
      ].join('');
    });

  // As html5lib-tests has them.
  for (const [source, expected] of [
    ['a < b', ['a < b']],
    ['<', ['<']],
    ['</', ['</']],
    ['</>a', ['a']],
    ['<a/b=c/d>', ['<a b=[c/d]>']],
    ['<a =b>', ['<a =b=[]>']],
    ["<a b = 'c\"'d>", ['<a b=[c"] d=[]>']],
    ['<a b=c b=d>', ['<a b=[c]>']],
    ['<a b="c', []],
    ['<a b', []],
    ['x<!-- a > b --!>y', ['xy']],
    ['x<!-->y', ['xy']],
    ['x<!--->y', ['xy']],
    ['x<!--!>y-->z', ['xz']],
    ['x<!---->y', ['xy']],
    ['<!-- never ends', []],
    ['<?php a ?>b', ['b']],
    ['</ x>a', ['a']],
    ['<title>&lt;<b></title>', ['<title>', '<<b>', '</title>']],
    ['<textarea></textareax></TEXTAREA >', ['<textarea>', '</textareax>', '</textarea>']],
    [
      '<script><!--<script></script>--></script>x',
      ['<script>', '<!--<script></script>-->', '</script>', 'x'],
    ],
    ['<script><!--</script>x', ['<script>', '<!--', '</script>', 'x']],
    ['<script>a', ['<script>', 'a']],
    ['<a href="?a=1&copy=2&amp;b&copy;&notit;">', ['<a href=[?a=1&copy=2&b©&notit;]>']],
    ['<svg><title/><b>x', ['<svg>', '<title>', '<b>', 'x']],
    ['&notit; &#128; &unknown;', ['¬it; € &unknown;']],
  ] as const) {
    it(`reads ${source}`, () => {
      expect(tokens(source)).to.deep.equal(expected);
    });
  }
});
