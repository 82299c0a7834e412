/** The report of a comparison as a page in a real browser: it runs nothing, and is read with keys, on a phone, in the dark. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { Report } from '../../lib/porting/report/report.js';
import { answerOf, requestOf } from '../porting/answers.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const EVIL = `</pre></code></title></style><script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">'"\u202e\0`;

describe('the report as a page', function () {
  this.timeout(60_000);
  let browser: Browser | undefined;
  let address = '';

  before(async function () {
    const executablePath = BROWSERS.find((path) => existsSync(path));
    if (executablePath === undefined) {
      const complaint = `there is no browser at ${BROWSERS.join(', ')}`;
      if (process.env['CI']) throw new Error(`The report is not tested: ${complaint}`);
      console.log(`    skipped: ${complaint}`);
      this.skip();
    }
    browser = await chromium.launch({
      executablePath,
      args: ['--headless', '--no-sandbox', '--disable-gpu'],
    });
    const path = join(temporaryFolder(), 'report.html');
    await (await evilReport()).write(path);
    address = pathToFileURL(path).href;
  });

  after(async () => {
    await browser?.close();
    removeTemporaryFolders();
  });

  async function opened(options: BrowserContextOptions, use: (page: Page) => Promise<void>): Promise<void> {
    if (browser === undefined) return;
    const context = await browser.newContext(options);
    try {
      const page = await context.newPage();
      await page.goto(address);
      await use(page);
    } finally {
      await context.close();
    }
  }

  it('runs nothing of what it shows, asks for no other file, and shows it as text', () =>
    opened({}, async (page) => {
      const requests: string[] = [];
      page.on('request', (request) => requests.push(request.url()));
      await page.reload();
      expect(requests).to.deep.equal([address]);
      expect(await page.evaluate('"hacked" in window')).to.equal(false);
      expect(await page.locator('script, img, iframe, link, [onerror]').count()).to.equal(0);
      const shown = await page.locator('#differences figure:nth-of-type(2) pre').first().textContent();
      expect(shown).to.contain('</pre></code></title></style><script>window.hacked = 1</script>');
      expect(shown).to.contain('\\u{202e}\\x00').and.not.contain('\u202e');
      expect(await page.title()).to.contain('<script>');
    }));

  it('has the counts at its top, differences with both answers, and the request for curl', () =>
    opened({}, async (page) => {
      expect(await page.locator('h1').textContent()).to.equal(
        '3 exchanges: 1 equal, 1 different, 1 with noise, 1 drift',
      );
      expect(await page.locator('#differences details').count()).to.equal(2);
      expect(await page.locator('#differences mark').first().isVisible()).to.equal(true);
      expect(await page.locator('#differences pre.curl').first().textContent()).to.match(
        / \| curl -i [\s\S]* --data-binary @-$/,
      );
      expect(await page.getByText('See PORTING.md').count()).to.be.greaterThan(0);
      expect(await page.locator('#routes tbody tr').count()).to.equal(3);
    }));

  it('opens and closes with the keyboard', () =>
    opened({}, async (page) => {
      const second = page.locator('#differences details').nth(1);
      expect(await second.getAttribute('open')).to.equal(null);
      const isFocused = 'document.activeElement === document.querySelectorAll("#differences summary")[1]';
      for (let at = 0; at < 20 && !(await page.evaluate(isFocused)); at++) await page.keyboard.press('Tab');
      expect(await page.evaluate(isFocused)).to.equal(true);
      await page.keyboard.press('Enter');
      expect(await second.getAttribute('open')).to.equal('');
      await page.keyboard.press('Enter');
      expect(await second.getAttribute('open')).to.equal(null);
    }));

  it('fits a phone, with one answer above the other', () =>
    opened({ viewport: { width: 360, height: 740 } }, async (page) => {
      await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true');
      expect(await page.locator('details:not([open])').count()).to.equal(0);
      expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(360);
      const [left, right] = await Promise.all(
        [0, 1].map((at) => page.locator('#differences figure').nth(at).boundingBox()),
      );
      expect(right?.y).to.be.greaterThan((left?.y ?? 0) + (left?.height ?? 0) - 1);
    }));

  it('has them side by side where there is room', () =>
    opened({ viewport: { width: 1200, height: 800 } }, async (page) => {
      const [left, right] = await Promise.all(
        [0, 1].map((at) => page.locator('#differences figure').nth(at).boundingBox()),
      );
      expect(right?.y).to.equal(left?.y);
      expect(right?.x).to.be.greaterThan(left?.x ?? 0);
    }));

  it('can be read in the dark', async () => {
    const backgrounds: unknown[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await opened({ colorScheme }, async (page) => {
        // What the system paints behind a page that names no colour.
        const style = await page.evaluate(
          `(() => { const probe = document.body.appendChild(document.createElement('div')); probe.style.background = 'Canvas'; const { backgroundColor, color } = getComputedStyle(probe); return [backgroundColor, color]; })()`,
        );
        backgrounds.push(style);
      });
    }
    expect(backgrounds).to.deep.equal([
      ['rgb(255, 255, 255)', 'rgb(0, 0, 0)'],
      ['rgb(18, 18, 18)', 'rgb(255, 255, 255)'],
    ]);
  });
});

async function evilReport(): Promise<Report> {
  const report = new Report({
    archive: EVIL,
    original: 'http://127.0.0.1:1',
    candidate: EVIL,
    notes: [EVIL],
  });
  const plain = requestOf();
  await report.add({
    number: 1,
    exchange: { request: plain },
    sent: { original: plain, candidate: plain },
    verdict: 'equal',
    differences: [],
    noise: [],
    drift: [],
  });
  const request = requestOf({
    method: 'POST',
    target: `/${encodeURIComponent(EVIL)}${EVIL}`,
    fields: [['X-Evil', EVIL]],
    body: EVIL.repeat(3),
  });
  await report.add({
    number: 2,
    exchange: { request },
    sent: { original: request, candidate: request },
    verdict: 'different',
    differences: [
      { kind: 'body', where: EVIL, original: EVIL, candidate: undefined },
      { kind: 'header', where: 'X-Evil', original: 'a', candidate: EVIL },
    ],
    noise: [{ kind: 'body', where: EVIL, original: 'a', candidate: EVIL }],
    drift: [],
    original: { answer: answerOf({ type: 'text/html', body: '<p>Hello' }) },
    candidate: {
      answer: answerOf({
        type: 'text/html',
        fields: [['X-Evil', EVIL]],
        body: `<p>Hello\n${EVIL}\n${'long'.repeat(300)}`,
      }),
    },
    note: EVIL,
  });
  const other = requestOf({ target: '/other' });
  await report.add({
    number: 3,
    exchange: { request: other, answer: answerOf({ body: EVIL }) },
    sent: { original: other, candidate: other },
    verdict: 'drift',
    differences: [],
    noise: [],
    drift: [{ kind: 'status', where: '', original: '200', candidate: '404' }],
    original: { failure: EVIL },
  });
  return report;
}
