/** The access log, and the file under it. */
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import { ConfigError } from '../../../lib/errors.js';
import {
  type AccessEntry,
  clfTime,
  escapeField,
  formatFault,
} from '../../../lib/server/log/access-format.js';
import {
  AccessLog,
  type AccessLogOptions,
  basicUser,
  openAccessLog,
} from '../../../lib/server/log/access-log.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

const HEADERS: Readonly<Record<string, string>> = {
  referer: 'http://www.example.com/start.html',
  'user-agent': 'Mozilla/4.08 [en] (Win98; I ;Nav)',
  'x-in': 'in',
};

const ENTRY: AccessEntry = {
  remoteAddr: '127.0.0.1',
  user: 'frank',
  time: new Date(2000, 9, 1, 3, 5, 36),
  method: 'GET',
  target: '/apache_pb.gif',
  protocol: 'HTTP/1.0',
  status: 200,
  bytes: 2326,
  duration: 1234.56789,
  scriptName: '',
  header: (name) => HEADERS[name],
  responseHeader: (name) => (name === 'content-type' ? 'image/gif' : undefined),
  variable: (name) => (name === 'wsgi.multithread' ? false : undefined),
};

function line(changes: Partial<AccessEntry> = {}, options: Partial<AccessLogOptions> = {}): string {
  let text = '';
  const log = new AccessLog({ write: (part: string) => (text += part) }, options);
  log.write({ ...ENTRY, ...changes });
  return text;
}

function open(accessLogfile: string): AccessLog {
  const log = openAccessLog({ accessLogfile });
  if (log === undefined) throw new Error('it is not opened');
  return log;
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
    const nothing = { remoteAddr: '', user: undefined, bytes: 0, header: () => undefined };
    expect(line(nothing)).to.match(/^- - - \[.*\] "GET \/apache_pb\.gif HTTP\/1\.0" 200 - "-" "-"\n$/);
  });

  it('writes an empty user name as ""', () => {
    expect(line({ user: '' })).to.match(/^127\.0\.0\.1 - "" \[/);
  });

  it('keeps a client from ending a field, a line, or driving a terminal', () => {
    const evil = 'a"b\\c\nd\re\tf\x1b[31m\x7f\xe9\0';
    const safe = 'a\\"b\\\\c\\nd\\re\\tf\\x1b[31m\\x7f\\xe9\\x00';
    const text = line({ user: evil, target: evil, header: () => evil });
    expect(text.split(safe)).to.have.length(5);
    expect(text).to.match(/^[ -~]*\n$/);
  });
});

describe('a format of the access log', () => {
  const cases: [string, string][] = [
    ['%(h)s %(l)s %(u)s', '127.0.0.1 - frank'],
    ['%(m)s %(U)s %(q)s %(H)s', 'GET /caf\\xc3\\xa9 a=%(h)s HTTP/1.0'],
    ['%(r)s', 'GET /caf%C3%A9?a=%(h)s HTTP/1.0'],
    ['%(s)s %(B)s %(b)s', '200 2326 2326'],
    ['%(f)s|%(a)s', `${HEADERS['referer']}|${HEADERS['user-agent']}`],
    ['%(T)s %(M)s %(D)s %(L)s', '1 1234 1234567 1.234568'],
    ['%(p)s', `<${process.pid}>`],
    ['%({X-In}i)s %({x-other}i)s', 'in -'],
    ['%({Content-Type}o)s', 'image/gif'],
    ['%({wsgi.multithread}e)s %({REMOTE_USER}e)s', 'false -'],
    ['100%% %(s)d', '100% 200'],
  ];
  for (const [accessLogformat, expected] of cases) {
    it(`knows ${accessLogformat}`, () => {
      const target = '/caf%C3%A9?a=%(h)s';
      expect(line({ target }, { accessLogformat })).to.equal(`${expected}\n`);
    });
  }

  it('has the time in brackets', () => {
    expect(line({}, { accessLogformat: '%(t)s' })).to.equal(`[${clfTime(ENTRY.time)}]\n`);
  });

  it('takes the mount point off the path, as environ has it', () => {
    const options = { accessLogformat: '%(U)s' };
    expect(line({ target: '/in/a', scriptName: '/in' }, options)).to.equal('/a\n');
    expect(line({ target: 'http://host/inner', scriptName: '/in' }, options)).to.equal('/inner\n');
  });

  it('keeps a client from ending a field or a line by any atom', () => {
    const evil = 'a"\n\u2028\x1b';
    const accessLogformat = '%(h)s%(u)s%(m)s%(U)s%(q)s%(H)s%(f)s%(a)s%({x}i)s%({x}o)s%({x}e)s%(r)s';
    const text = line(
      {
        remoteAddr: evil,
        user: evil,
        method: evil,
        target: `${evil}?${evil}`,
        protocol: evil,
        header: () => evil,
        responseHeader: () => evil,
        variable: () => ({ [evil]: evil }),
      },
      { accessLogformat },
    );
    expect(text).to.match(/^[ -~]*\n$/);
    expect(text).not.to.match(/(?<!\\)"/);
  });

  const faults: [string, RegExp][] = [
    ['%(z)s', /there is no atom %\(z\)s\. Known are %\(h\)s .*%\(\{variable\}e\)s of environ$/],
    ['%({x}z)s', /a % begins an atom/],
    ['%(hh)s', /there is no atom %\(hh\)s/],
    ['%(h)', /there is no atom %\(h\)\./],
    ['%(h)f', /there is no atom %\(h\)\./],
    ['50%', /a % begins an atom such as %\(r\)s, and one for itself is %%/],
    ['%h', /a % begins an atom/],
    ['a\nb', /one line/],
  ];
  for (const [format, expected] of faults) {
    it(`refuses ${JSON.stringify(format)}`, () => {
      expect(formatFault(format)).to.match(expected);
    });
  }
});

describe('the access log as JSON', () => {
  it('has an object a line', () => {
    const text = line({ bytes: 0 }, { logFormat: 'json' });
    expect(text).to.match(/^.*\n$/);
    expect(JSON.parse(text)).to.deep.equal({
      time: ENTRY.time.toISOString(),
      level: 'info',
      logger: 'wsgi.access',
      pid: process.pid,
      remoteAddr: '127.0.0.1',
      user: 'frank',
      method: 'GET',
      target: '/apache_pb.gif',
      protocol: 'HTTP/1.0',
      status: 200,
      bytes: 0,
      duration: 1.234568,
      referer: HEADERS['referer'],
      userAgent: HEADERS['user-agent'],
    });
  });

  it('has null for what is not there, and keeps what a client sent within its field', () => {
    const evil = 'a"\n\u2028\x1b\x9b\x7f';
    const text = line({ remoteAddr: '', user: undefined, target: evil }, { logFormat: 'json' });
    expect(text).to.match(/^[ -~]*\n$/);
    const { remoteAddr, user, target } = JSON.parse(text) as Record<string, unknown>;
    expect([remoteAddr, user, target]).to.deep.equal([null, null, evil]);
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
    const log = open(path);
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
    const log = open(path);
    log.write(ENTRY);
    log.close();
    expect(readFileSync(path, 'utf8')).to.equal(line());
    expect(listeners()).to.deep.equal(before);
  });

  it('goes on in a new file after SIGUSR1', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'access.log');
    const log = open(path);
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
    const log = open('-');
    log.write(ENTRY);
    log.close();
    const written = write.firstCall.args[0];
    sinon.restore();
    expect(written).to.equal(line());
  });

  it('refuses a file that it cannot open', () => {
    const path = join(temporaryFolder(), 'none', 'access.log');
    expect(() => open(path)).to.throw(ConfigError, `Cannot open the log file ${path}: ENOENT`);
  });

  it('complains once when it cannot write, and goes on', async function () {
    // The device that is always full is Linux's.
    if (process.platform !== 'linux') this.skip();
    const log = open('/dev/full');
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
