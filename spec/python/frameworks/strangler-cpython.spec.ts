/** examples/python/strangler: Flask's tutorial with two routes in TypeScript answers as it did, and both share its sessions. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkPasswordHash } from '../../../examples/python/strangler/password.js';
import { Sessions } from '../../../examples/python/strangler/session.js';
import { PYTHON, requirePython } from '../../support/python.js';
import { NODE_OPTIONS, ROOT, scriptOf } from '../../support/source.js';
import { describeResult, type Proven, proveSides } from './proof.js';
import { flaskr } from './visits/flaskr.js';

const EXAMPLE = join(ROOT, 'examples/python/strangler');
const SITE = scriptOf('../../../examples/python/strangler/site.ts', import.meta.url);

describe('examples/python/strangler', () => {
  let folder = '';
  let proven: Proven;

  before(async function () {
    requirePython(this);
    mkdirSync(join(ROOT, 'out'), { recursive: true });
    folder = mkdtempSync(join(ROOT, 'out/strangler-'));
    for (const name of ['flaskr', 'users.py'])
      cpSync(join(EXAMPLE, name), join(folder, name), { recursive: true });
    python('-m', 'flask', '--app', 'flaskr', 'init-db');
    cpSync(join(folder, 'instance'), join(folder, 'seed'), { recursive: true });
    const candidate = [process.execPath, ...NODE_OPTIONS, SITE].map((word) => `'${word}'`).join(' ');
    const venv = join(PYTHON, '../..');
    const site = { name: 'flaskr', title: '', packages: [], visit: flaskr };
    const [one] = await proveSides([site], {
      folder,
      original: `'${PYTHON}' -m gunicorn --log-level critical --threads 4 -b 127.0.0.1:{port} 'flaskr:create_app()'`,
      candidate: `VIRTUAL_ENV='${venv}' PORT={port} ${candidate}`,
      reset: 'rm -rf instance && cp -a seed instance',
      ignore: ['X-Answered-By'],
    });
    proven = one as Proven;
  });
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  function python(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(PYTHON, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  }

  /** Flask's own sessions, with the key of the example. */
  function inFlask(code: string): string {
    const before = [
      'from flask import Flask',
      'from flask.sessions import SecureCookieSessionInterface',
      "app = Flask('x')",
      "app.secret_key = 'dev'",
      'serializer = SecureCookieSessionInterface().get_signing_serializer(app)',
    ];
    return python('-c', [...before, code].join('\n'));
  }

  it('answers every request of a visit as the original', () => {
    const { results, unexplained } = proven;
    expect(unexplained.map(describeResult).join('\n')).to.equal('');
    expect(results.length).to.be.within(20, 60);
  });

  it('answers the two routes in TypeScript, and all others in Python', () => {
    const ported = (target: string) => target === '/auth/login' || target === '/auth/logout';
    for (const { exchange, candidate } of proven.results) {
      const names = candidate?.answer?.fields.map(([name]) => name) ?? [];
      const { target } = exchange.request;
      expect(names.includes('X-Answered-By'), target).to.equal(ported(target));
    }
  });

  it('reads what Flask has signed, short and compressed, and Flask reads what it has signed', () => {
    const sessions = new Sessions('dev');
    const long = { text: 'a long text '.repeat(40), user_id: 7 };
    const [short = '', compressed = ''] = inFlask(
      `print(serializer.dumps({'user_id': 1, 'name': 'Zo\u00eb'}))\nprint(serializer.dumps(${JSON.stringify(long)}))`,
    ).split('\n');
    expect(compressed).to.match(/^\./);
    expect(sessions.read(`a=b; session=${short}`)).to.deep.equal({ user_id: 1, name: 'Zoë' });
    expect(sessions.read(`session=${compressed}; c=d`)).to.deep.equal(long);
    const value = (cookie: string) => /^session=([^;]*)/.exec(cookie)?.[1] ?? '';
    const [mine, ours] = [sessions.write({ user_id: 1, name: 'Zoë' }), sessions.write(long)].map(value);
    const read = inFlask(
      `import json\nprint(json.dumps([serializer.loads('${mine}'), serializer.loads('${ours}')]))`,
    );
    expect(JSON.parse(read)).to.deep.equal([{ user_id: 1, name: 'Zoë' }, long]);
  });

  it('gives back the numbers of a session that only Python has', () => {
    const sessions = new Sessions('dev');
    const numbers =
      "{'id': 12345678901234567890, 'least': -(2 ** 63), 'rate': float('inf'), 'none': float('nan')}";
    const cookie = sessions.write(sessions.read(`session=${inFlask(`print(serializer.dumps(${numbers}))`)}`));
    const value = /^session=([^;]*)/.exec(cookie)?.[1] ?? '';
    expect(inFlask(`print(serializer.loads('${value}'))`)).to.equal(
      "{'id': 12345678901234567890, 'least': -9223372036854775808, 'rate': inf, 'none': nan}",
    );
  });

  it('takes no session that was changed, that another key has signed, or that is too old', () => {
    const sessions = new Sessions('dev');
    const now = Date.now();
    const cookie = sessions.write({ user_id: 1 }, now);
    const [payload = '', stamp = '', signature = ''] = (/^session=([^;]*)/.exec(cookie)?.[1] ?? '').split(
      '.',
    );
    expect(sessions.read(cookie, now)).to.deep.equal({ user_id: 1 });
    const other = Buffer.from('{"user_id":2}').toString('base64url');
    for (const forged of [
      `${other}.${stamp}.${signature}`,
      `${payload}.${stamp}`,
      `${payload}.${stamp}.${signature.slice(0, -2)}`,
      `${payload}.${stamp}.`,
      '..',
      '',
    ]) {
      expect(sessions.read(`session=${forged}`, now), forged).to.deep.equal({});
    }
    expect(new Sessions('other').read(cookie, now)).to.deep.equal({});
    const days = (count: number) => now + count * 24 * 3600 * 1000;
    expect(sessions.read(cookie, days(30))).to.deep.equal({ user_id: 1 });
    expect(sessions.read(cookie, days(32))).to.deep.equal({});
    expect(sessions.read(cookie, days(-1))).to.deep.equal({});
    expect(sessions.read(undefined)).to.deep.equal({});
  });

  it('checks passwords as werkzeug does', async () => {
    const hashes = python(
      '-c',
      "from werkzeug.security import generate_password_hash as h; print(h('Zo\\u00eb')); print(h('x', 'pbkdf2:sha256:1000'))",
    ).split('\n');
    expect(await checkPasswordHash(hashes[0] ?? '', 'Zoë')).to.equal(true);
    expect(await checkPasswordHash(hashes[0] ?? '', 'zoe')).to.equal(false);
    expect(await checkPasswordHash(hashes[1] ?? '', 'x')).to.equal(true);
    expect(await checkPasswordHash('plain$x$x', 'x')).to.equal(false);
    expect(await checkPasswordHash('', '')).to.equal(false);
  });
});
