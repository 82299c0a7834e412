/** The demo page in a real browser: Chromium, driven by playwright-core; and its room, with two windows. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Browser, chromium, type Page } from 'playwright-core';

const CLI = fileURLToPath(new URL('../../dist/bin.js', import.meta.url));
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe('the demo page', function () {
  this.timeout(60_000);
  let browser: Browser | undefined;
  let server: ChildProcess | undefined;
  let address: string;
  let page: Page;
  let faults: string[];

  before(async function () {
    const executablePath = BROWSERS.find((path) => existsSync(path));
    if (executablePath === undefined) {
      const complaint = `there is no browser at ${BROWSERS.join(', ')}`;
      if (process.env['CI']) throw new Error(`The demo page is not tested: ${complaint}`);
      console.log(`    skipped: ${complaint}`);
      this.skip();
    }
    browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  });

  after(async () => {
    await browser?.close();
  });

  beforeEach(async () => {
    if (browser === undefined) return;
    server = spawn(process.execPath, [CLI, '--bind', '127.0.0.1:0']);
    address = await addressOf(server);
    page = await browser.newPage();
    faults = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(address);
    // It connects by itself.
    await expectState('open');
  });

  afterEach(async () => {
    await page?.close();
    await end();
  });

  it('opens a WebSocket by itself, and greets', async () => {
    await expectLine('received: you connected');
    expect(await page.getByRole('button', { name: 'Connect' }).isDisabled()).to.equal(true);
    expect(faults).to.deep.equal([]);
  });

  it('shows both echoes of a text', async () => {
    await page.getByLabel('Message').fill('héllo');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await expectLine('sent: héllo');
    await lines('received: you said: héllo', 2);
    const log = await logLines();
    // The newest is on top.
    expect(log).to.deep.equal([
      'received: you said: héllo',
      'received: you said: héllo',
      'sent: héllo',
      'received: you connected',
      `open: ${address.replace('http', 'ws')}/`,
    ]);
    expect(await page.getByLabel('Message').inputValue()).to.equal('');
  });

  it('sends with the Enter key', async () => {
    await page.getByLabel('Message').fill('by key');
    await page.getByLabel('Message').press('Enter');
    await expectLine('received: you said: by key');
  });

  it('sends bytes and shows those that come back', async () => {
    await page.getByLabel('Message').fill('hé');
    await page.getByRole('button', { name: 'Send as binary' }).click();
    await expectLine('sent 3 bytes: hé [68 c3 a9]');
    await expectLine('received 3 bytes: hé [68 c3 a9]');
  });

  it('shows HTML of a message as text', async () => {
    const html = '<img src=x onerror="window.hacked = true"><b>bold</b>';
    await page.getByLabel('Message').fill(html);
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await expectLine(`received: you said: ${html}`);
    expect(await page.locator('#log img, #log b').count()).to.equal(0);
    expect(await page.evaluate('"hacked" in window')).to.equal(false);
  });

  it('closes with the button, and says code and reason', async () => {
    // A browser drops what comes once its page has closed the socket.
    await expectLine('received: you connected');
    await page.getByRole('button', { name: 'Close' }).click();
    await expectState('closed');
    await expectLine('closed: code 1000, reason closed by the user');
    expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).to.equal(true);
    await connect();
    await lines('received: you connected', 2);
  });

  it('says which package it is, why one sees it, and where the documentation is', async () => {
    const text = await page.locator('main').textContent();
    expect(text).to.include('npm package wsgi').and.to.include('was given no application');
    expect(text).to.include('npx wsgi app.mjs:app');
    for (const [name, title] of [
      ['README.md', '# wsgi'],
      ['docs/rooms.md', '# Rooms'],
    ] as const) {
      const link = page.getByRole('link', { name, exact: true });
      const answer = await page.request.get(
        new URL(String(await link.getAttribute('href')), page.url()).href,
      );
      expect(await answer.text()).to.match(new RegExp(`^${title}\n`));
    }
  });

  it('says that the server stopped', async () => {
    server?.kill('SIGTERM');
    await expectState('closed');
    await expectLine('closed: code 1001, reason none');
  });

  it('says that the connection broke, and that there is none to be had', async () => {
    await end();
    await expectState('closed');
    await expectLine('closed: code 1006, reason none');
    await page.getByRole('button', { name: 'Connect' }).click();
    await expectLine('error: the connection failed');
    await expectState('closed');
  });

  async function expectState(text: string): Promise<void> {
    await page.locator('#state', { hasText: new RegExp(`^${text}$`) }).waitFor();
  }

  async function connect(): Promise<void> {
    await page.getByRole('button', { name: 'Connect' }).click();
    await expectState('open');
  }

  /** The log, newest first, without the time of each line. */
  async function logLines(): Promise<string[]> {
    const texts = await page.locator('#log li').allTextContents();
    return texts.map((text) => text.slice(text.indexOf('  ') + 2));
  }

  function expectLine(text: string): Promise<void> {
    return lines(text, 1);
  }

  /** Waits until `text` stands in the log so many times. */
  async function lines(text: string, count: number): Promise<void> {
    const end = Date.now() + 20_000;
    for (;;) {
      const log = await logLines();
      if (log.filter((one) => one === text).length >= count) return;
      if (Date.now() > end) throw new Error(`${text} is not there ${count} times:\n${log.join('\n')}`);
      await page.waitForTimeout(50);
    }
  }

  async function end(): Promise<void> {
    const child = server;
    server = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
});

describe('the room of the demo page, with threads and workers', function () {
  this.timeout(90_000);
  let browser: Browser | undefined;
  let server: ChildProcess | undefined;

  before(async function () {
    const executablePath = BROWSERS.find((path) => existsSync(path));
    // The first suite complains.
    if (executablePath === undefined) this.skip();
    browser = await chromium.launch({ executablePath, args: ARGUMENTS });
    server = spawn(process.execPath, [CLI, '-b', '127.0.0.1:0', '--threads', '4', '--workers', '2']);
  });

  after(async () => {
    await browser?.close();
    if (server === undefined) return;
    const exited = once(server, 'exit');
    server.kill('SIGTERM');
    await exited;
  });

  it('shows each of two windows what the other sends', async () => {
    const address = await addressOf(server as ChildProcess);
    const pages: Page[] = [];
    for (const _ of [1, 2]) {
      const page = await (browser as Browser).newPage();
      await page.goto(address);
      await page.locator('#log li', { hasText: 'received: you connected' }).waitFor({ timeout: 60_000 });
      pages.push(page);
    }
    const [one, two] = pages as [Page, Page];
    for (const [from, to, text] of [
      [one, two, 'from the first'],
      [two, one, 'from the second'],
    ] as const) {
      await from.getByLabel('Message').fill(text);
      await from.getByRole('button', { name: 'Send', exact: true }).click();
      await to.locator('#log li', { hasText: `received: somebody said: ${text}` }).waitFor();
      await from
        .locator('#log li', { hasText: `received: you said: ${text}` })
        .first()
        .waitFor();
    }
    expect(await one.locator('#log li', { hasText: 'somebody said: from the first' }).count()).to.equal(0);
  });
});

function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [server.stdout, server.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const found = /Server started at (\S+)/.exec(output)?.[1];
        if (found !== undefined) resolve(found);
      });
    }
    server.on('exit', (code) => reject(new Error(`The server ended with ${code}: ${output}`)));
  });
}
