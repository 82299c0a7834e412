/** The report button of an error page in a real browser: what it copies where no issue tracker was named. */
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { type Browser, chromium } from 'playwright-core';
import { WSocketApp } from '../../lib/app/wsocket-app.js';
import { logger } from '../../lib/logger.js';
import { makeServer, type Server } from '../../lib/server/server.js';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

describe('the report button of an error page', function () {
  this.timeout(60_000);
  let browser: Browser | undefined;
  let server: Server | undefined;
  const { level, stream } = logger;

  before(async function () {
    const executablePath = BROWSERS.find((path) => existsSync(path));
    if (executablePath === undefined) {
      const complaint = `there is no browser at ${BROWSERS.join(', ')}`;
      if (process.env['CI']) throw new Error(`The error page is not tested: ${complaint}`);
      console.log(`    skipped: ${complaint}`);
      this.skip();
    }
    browser = await chromium.launch({
      executablePath,
      args: ['--headless', '--no-sandbox', '--disable-gpu'],
    });
    logger.stream = { write: () => true };
    const app = new WSocketApp();
    app.route('/fails')(() => {
      throw new RangeError('a & "b" <c>');
    });
    server = await makeServer('127.0.0.1', 0, app, { errorLogfile: '/dev/null' });
  });

  after(async () => {
    await browser?.close();
    await server?.close();
    logger.stream = stream;
    logger.setLevel(level);
  });

  for (const [debug, start] of [
    [
      true,
      /^RangeError: a & "b" <c>\nRequest: GET \/fails\nwsgi \d+\.\d+\.\d+, Node v.*\n\nRangeError: [\s\S]*at /,
    ],
    [false, /^RangeError: a & "b" <c>\nRequest: GET \/fails\nwsgi \d+\.\d+\.\d+, Node v[\d.]+, \w+$/],
  ] as const) {
    it(`copies a report and opens nothing, ${debug ? 'with' : 'without'} debug`, async () => {
      logger.setLevel(debug ? 10 : 20);
      const page = await (browser as Browser).newPage();
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.message));
      await page.goto(`${server?.address}/fails`);
      await page.getByRole('button', { name: 'report' }).click();
      await page.getByRole('button', { name: 'report copied' }).waitFor();
      expect(page.context().pages()).to.have.length(1);
      await page.setContent('<textarea id="paste"></textarea>');
      await page.locator('#paste').focus();
      await page.keyboard.press('Control+V');
      expect(await page.locator('#paste').inputValue()).to.match(start);
      expect(faults).to.deep.equal([]);
      await page.close();
    });
  }
});
