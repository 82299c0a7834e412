/** What a client sent, in pages and in logs: it stays text. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { WSocketApp } from '../../lib/app/wsocket-app.js';
import { TextErrorStream } from '../../lib/environ/error-stream.js';
import type { Application } from '../../lib/environ/types.js';
import { RequestError } from '../../lib/errors.js';
import { logger } from '../../lib/logger.js';
import type { Server } from '../../lib/server/server.js';
import { answerTo } from '../support/fuzz.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const SCRIPT = '<script>alert("1")</script>';
const QUOTES = `"'><img src=x onerror=alert(1)>`;
/** Ends the line, forges another, and drives the terminal. */
const FORGED = '\r\nERROR:wsgi:forged\n127.0.0.1 - - forged\x1b[2J\x07\x85\0';

describe('what a client sent', () => {
  let server: Server;
  let written = '';
  let accessLog: string;
  const app = new WSocketApp();
  app.route('/fails*', (environ) => {
    throw new Error(`No ${environ.PATH_INFO} ${environ.QUERY_STRING} ${environ['HTTP_X'] ?? ''}`);
  });
  app.route('/refuses*', (environ) => {
    throw new RequestError(400, `No ${environ.PATH_INFO} ${decodeURIComponent(environ.QUERY_STRING)}`);
  });

  before(async () => {
    accessLog = join(temporaryFolder(), 'access.log');
    const { level } = logger;
    const raw: Application = (environ) => {
      throw new Error(`No ${environ.PATH_INFO} ${environ['HTTP_X'] ?? ''}`);
    };
    server = await serveApp(
      (environ, start_response) => {
        environ['wsgi.errors'] = new TextErrorStream({ write: (text) => (written += text) });
        const inner: Application = environ.PATH_INFO.startsWith('/raw') ? raw : app;
        return inner(environ, start_response);
      },
      { accessLogfile: accessLog },
    );
    logger.setLevel(level);
  });

  after(async () => {
    await closeServers();
    removeTemporaryFolders();
  });

  /** Gives the answer and what was logged. */
  async function ask(target: string, headers: readonly string[] = [], level = logger.level) {
    const before = logger.level;
    logger.setLevel(level);
    written = '';
    let raw = '';
    const lines = headers.map((line) => `${line}\r\n`).join('');
    const log = await captureLog(async () => {
      raw = await answerTo(server.serverPort, `GET ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
    });
    logger.setLevel(before);
    return { raw, log, body: raw.slice(raw.indexOf('\r\n\r\n')) };
  }

  for (const [page, status] of [
    ['/nowhere', 404],
    ['/fails', 500],
    ['/refuses', 400],
  ] as const) {
    for (const debug of [false, true]) {
      it(`is escaped in the page of ${status}${debug ? ', with its stack' : ''}`, async () => {
        for (const text of [SCRIPT, QUOTES]) {
          const quoted = encodeURIComponent(text);
          // Bytes that need no escape in a request target, as an old browser sends them.
          const bare = text.replace(/ /g, '+');
          for (const target of [`${page}/${quoted}?${quoted}`, `${page}/${quoted}?${bare}`]) {
            const { raw, body } = await ask(target, [`X: ${text}`, `Referer: ${text}`], debug ? 10 : 30);
            expect(raw).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
            expect(raw).to.match(/\r\nContent-Type: text\/html; charset=utf-8\r\n/i);
            expect(body).not.to.match(/<script|<img|onerror=alert\(1\)>|"'>/);
          }
        }
      });
    }
  }

  it('is not repeated by the gateway, and what is about it is plain text', async () => {
    for (const target of [`/raw/${encodeURIComponent(SCRIPT)}`, `${SCRIPT}`, `http://${SCRIPT}/`]) {
      const { raw, body } = await ask(target, [`X: ${SCRIPT}`]);
      expect(raw).to.match(/^HTTP\/1\.1 (?:400|500) /);
      expect(raw).to.match(/\r\nContent-Type: text\/plain/i);
      expect(body).not.to.contain('alert');
    }
  });

  it('forges no line of the log, by way of an error', async () => {
    const quoted = encodeURIComponent(FORGED);
    for (const [target, entries] of [
      [`/raw/${quoted}`, 2],
      [`/fails/${quoted}`, 2],
      [`/refuses/${quoted}`, 1],
    ] as const) {
      const { log } = await ask(target, [], 10);
      expect(log).to.match(/^(?:ERROR|INFO):wsgi:/);
      expect(log)
        .to.contain('forged')
        .and.not.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
      // The entry itself, and the first line of a stack.
      expect(log.match(/^\S.*/gm), log).to.have.length.at.most(entries);
      expect(log).not.to.match(/^(?:ERROR:wsgi:forged|127)/m);
      expect(written).not.to.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    }
  });

  it('forges no line of the access log', async () => {
    const user = Buffer.from(`a" ${FORGED}:password`, 'latin1').toString('base64');
    const before = readFileSync(accessLog, 'latin1').length;
    const { raw } = await ask(`/nowhere/"\\?${encodeURIComponent(FORGED)}`, [
      `User-Agent: "\x85\x9b31m${SCRIPT}\\`,
      `Referer: " 200 5 "\t\xff`,
      `Authorization: Basic ${user}`,
    ]);
    expect(raw).to.match(/^HTTP\/1\.1 404 /);
    await server.close();
    const lines = readFileSync(accessLog, 'latin1').slice(before).trimEnd().split('\n');
    expect(lines).to.have.length(1);
    expect(lines[0])
      .to.match(/^[ -~]+$/)
      .and.not.contain('password');
    // Nine fields, three of them quoted: no quote of the client's ends one.
    expect(lines[0]).to.match(
      /^127\.0\.0\.1 - \S.* \[[^\]]+\] "(?:[^"\\]|\\.)*" 404 \d+ "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"$/,
    );
  });
});
