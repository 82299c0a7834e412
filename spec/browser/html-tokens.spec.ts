/** The tokenizer that compares pages reads HTML as a real browser does, malformed HTML too. */
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Browser, chromium } from 'playwright-core';
import { tokensOf } from '../../lib/porting/diff/html-tokens.js';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const START = '<!doctype html><body>';
const SAMPLES = 2000;

/** What is not about trees, whose elements a browser moves and repeats. */
const PIECES = [
  ...[
    '<div',
    '<span ',
    '<div a="x>y">',
    '</div',
    '</span>',
    '<',
    '</',
    '>',
    '/',
    '=',
    "'",
    '"',
    'b=c',
    'A',
    'text',
    ' ',
    '\n',
  ],
  ...[
    '<!--',
    '-->',
    '--!>',
    '-',
    '!',
    '<!',
    '<?',
    '&',
    '#',
    '&amp',
    '&lt;',
    '&copy=1',
    '&copy;',
    '&notit;',
    '&#65',
    '&#x1F600;',
  ],
  ...[
    '<script>',
    '</script',
    '</script>',
    '<textarea>',
    '</textarea>',
    '<title>',
    '</title>',
    '<style>',
    '</style>',
  ],
];

/** Elements with their attributes, and the text. */
type Reading = [elements: [name: string, attributes: [string, string][]][], text: string];

describe('the tokenizer of HTML', function () {
  this.timeout(60_000);
  let browser: Browser | undefined;

  before(async function () {
    const executablePath = BROWSERS.find((path) => existsSync(path));
    if (executablePath === undefined) {
      const complaint = `there is no browser at ${BROWSERS.join(', ')}`;
      if (process.env['CI']) throw new Error(`The tokenizer is not compared: ${complaint}`);
      console.log(`    skipped: ${complaint}`);
      this.skip();
    }
    browser = await chromium.launch({
      executablePath,
      args: ['--headless', '--no-sandbox', '--disable-gpu'],
    });
  });

  after(async () => {
    await browser?.close();
  });

  it('reads pages that are made up as the browser does', async () => {
    if (browser === undefined) return;
    const piece = fc.constantFrom(...PIECES);
    const pages = fc.sample(fc.array(piece, { maxLength: 20 }), SAMPLES).map((list) => START + list.join(''));
    const page = await browser.newPage();
    const read = await page.evaluate(readInBrowser, pages);
    expect(read).to.have.length(SAMPLES);
    for (const [index, html] of pages.entries()) expect(readHere(html), html).to.deep.equal(read[index]);
  });
});

function readHere(html: string): Reading {
  const elements: Reading[0] = [];
  let [text, last] = ['', ''];
  for (const token of tokensOf(html)) {
    if (token.type === 'text') text += last === 'textarea' ? token.text.replace(/^\n/, '') : token.text;
    last = token.type === 'start' ? token.name : '';
    if (token.type === 'start' && token.name !== 'body') elements.push([token.name, [...token.attributes]]);
  }
  return [elements, text];
}

/** Runs in the page. */
function readInBrowser(pages: readonly string[]): Reading[] {
  interface Found {
    readonly localName: string;
    readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  }
  interface Parsed {
    readonly documentElement: { readonly textContent: string };
    querySelectorAll(selector: string): Iterable<Found>;
  }
  const { DOMParser } = globalThis as unknown as {
    DOMParser: new () => { parseFromString(html: string, type: string): Parsed };
  };
  return pages.map((html) => {
    const parsed = new DOMParser().parseFromString(html, 'text/html');
    const elements = [...parsed.querySelectorAll('*:not(html, head, body)')];
    return [
      elements.map(({ localName, attributes }) => [
        localName,
        [...attributes].map(({ name, value }) => [name, value]),
      ]),
      parsed.documentElement.textContent,
    ];
  });
}
