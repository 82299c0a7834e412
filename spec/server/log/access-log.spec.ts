/** The access log, and the file under it. */
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import { ConfigError } from '../../../lib/errors.js';
import {
  type AccessEntry,
  AccessLog,
  basicUser,
  clfTime,
  escapeField,
  openAccessLog,
} from '../../../lib/server/log/access-log.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

const ENTRY: AccessEntry = {
  remoteAddr: '127.0.0.1',
  user: 'frank',
  time: new Date(2000, 9, 1, 3, 5, 36),
  requestLine: 'GET /apache_pb.gif HTTP/1.0',
  status: 200,
  bytes: 2326,
  referer: 'http://www.example.com/start.html',
  userAgent: 'Mozilla/4.08 [en] (Win98; I ;Nav)',
};

function line(changes: Partial<AccessEntry> = {}): string {
  let text = '';
  const log = new AccessLog({ write: (part: string) => (text += part) });
  log.write({ ...ENTRY, ...changes });
  return text;
}

describe('AccessLog', () => {
  it('writes a line of the Combined Log Format', () => {
    const time = clfTime(ENTRY.time);
    expect(time).to.match(/^01\/Oct\/2000:03:05:36 [+-]\d{4}$/);
    expect(line()).to.equal(
      `127.0.0.1 - frank [${time}] "GET /apache_pb.gif HTTP/1.0" 200 2326 ` +
        '"http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"\n',
    );
  });

  it('writes - for what is not there', () => {
    const nothing = { remoteAddr: '', user: undefined, bytes: 0, referer: undefined, userAgent: '' };
    expect(line(nothing)).to.match(/^- - - \[.*\] "GET \/apache_pb\.gif HTTP\/1\.0" 200 - "-" "-"\n$/);
  });

  it('writes an empty user name as ""', () => {
    expect(line({ user: '' })).to.match(/^127\.0\.0\.1 - "" \[/);
  });

  it('keeps a client from ending a field, a line, or driving a terminal', () => {
    const evil = 'a"b\\c\nd\re\tf\x1b[31m\x7f\xe9\0';
    const safe = 'a\\"b\\\\c\\nd\\re\\tf\\x1b[31m\\x7f\\xe9\\x00';
    const text = line({ user: evil, requestLine: evil, referer: evil, userAgent: evil });
    expect(text.split(safe)).to.have.length(5);
    expect(text).to.match(/^[ -~]*\n$/);
  });
});

describe('escapeField', () => {
  it('leaves printable ASCII alone but for quotes and backslashes', () => {
    let printable = '';
    for (let code = 0x20; code < 0x7f; code++) printable += String.fromCharCode(code);
    expect(escapeField(printable)).to.equal(printable.replace(/["\\]/g, '\\$&'));
  });

  it('escapes every other byte in a way of its own', () => {
    const seen = new Set<string>();
    for (let code = 0; code < 0x100; code++) seen.add(escapeField(String.fromCharCode(code)));
    expect(seen.size).to.equal(0x100);
  });

  it('escapes text beyond a byte as UTF-8', () => {
    expect(escapeField('€')).to.equal('\\xe2\\x82\\xac');
  });
});

describe('clfTime', () => {
  afterEach(() => sinon.restore());

  const zones: [number, string][] = [
    [420, '-0700'],
    [-330, '+0530'],
    [0, '+0000'],
    [210, '-0330'],
  ];
  for (const [offset, zone] of zones) {
    it(`writes a zone ${offset} minutes behind UTC as ${zone}`, () => {
      sinon.stub(Date.prototype, 'getTimezoneOffset').returns(offset);
      const time = new Date(2001, 0, 2, 0, 0, offset === 0 ? 30 : Math.abs(offset) % 29);
      expect(clfTime(time))
        .to.match(/^02\/Jan\/2001:00:00:\d\d /)
        .and.match(new RegExp(`\\${zone}$`));
    });
  }

  it('tells one second from the next', () => {
    const first = clfTime(new Date(2002, 1, 3, 4, 5, 6, 999));
    expect(clfTime(new Date(2002, 1, 3, 4, 5, 6, 1))).to.equal(first);
    expect(clfTime(new Date(2002, 1, 3, 4, 5, 7, 0))).not.to.equal(first);
  });
});

describe('basicUser', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text, 'latin1').toString('base64')}`;
  const cases: [string | undefined, string | undefined][] = [
    [basic('Aladdin:open sesame'), 'Aladdin'],
    [basic('a:b:c').replace('Basic', 'bAsIc'), 'a'],
    [basic(':secret'), ''],
    [basic('no-colon'), undefined],
    ['Bearer abc', undefined],
    ['Basic', undefined],
    ['Basic ???', undefined],
    [undefined, undefined],
  ];
  for (const [header, user] of cases) {
    it(`finds ${JSON.stringify(user)} in ${JSON.stringify(header)}`, () => {
      expect(basicUser(header)).to.equal(user);
    });
  }
});

describe('openAccessLog', () => {
  afterEach(() => {
    sinon.restore();
    removeTemporaryFolders();
  });

  it('appends to a file, once a turn', async () => {
    const path = join(temporaryFolder({ 'access.log': 'before\n' }), 'access.log');
    const log = openAccessLog(path);
    log.write(ENTRY);
    log.write(ENTRY);
    expect(readFileSync(path, 'utf8')).to.equal('before\n');
    await nextTurn();
    expect(readFileSync(path, 'utf8')).to.equal(`before\n${line()}${line()}`);
    log.close();
  });

  it('writes what waits when it is closed, and leaves no listener', () => {
    const listeners = () => [process.listenerCount('exit'), process.listenerCount('SIGUSR1')];
    const before = listeners();
    const path = join(temporaryFolder(), 'access.log');
    const log = openAccessLog(path);
    log.write(ENTRY);
    log.close();
    expect(readFileSync(path, 'utf8')).to.equal(line());
    expect(listeners()).to.deep.equal(before);
  });

  it('goes on in a new file after SIGUSR1', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'access.log');
    const log = openAccessLog(path);
    log.write(ENTRY);
    renameSync(path, join(folder, 'access.log.1'));
    process.emit('SIGUSR1');
    log.write({ ...ENTRY, status: 404 });
    log.close();
    expect(readFileSync(join(folder, 'access.log.1'), 'utf8')).to.equal(line());
    expect(readFileSync(path, 'utf8')).to.equal(line({ status: 404 }));
  });

  it('writes to standard output for -, and leaves it open', () => {
    const write = sinon.stub(process.stdout, 'write').returns(true);
    const log = openAccessLog('-');
    log.write(ENTRY);
    log.close();
    const written = write.firstCall.args[0];
    sinon.restore();
    expect(written).to.equal(line());
  });

  it('refuses a file that it cannot open', () => {
    const path = join(temporaryFolder(), 'none', 'access.log');
    expect(() => openAccessLog(path)).to.throw(ConfigError, `Cannot open the log file ${path}: ENOENT`);
  });

  it('complains once when it cannot write, and goes on', async function () {
    // The device that is always full is Linux's.
    if (process.platform !== 'linux') this.skip();
    const log = openAccessLog('/dev/full');
    const complain = sinon.stub(process.stderr, 'write').returns(true);
    for (let turn = 0; turn < 3; turn++) {
      log.write(ENTRY);
      await nextTurn();
    }
    log.close();
    const complaints = complain.args.map(([text]) => String(text));
    sinon.restore();
    expect(complaints).to.have.length(1);
    expect(complaints[0]).to.match(/^wsgi: cannot write to \/dev\/full: ENOSPC/);
  });
});
