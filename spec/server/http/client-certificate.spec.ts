/** Certificates of TLS clients: who is let in, and what environ says of them. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Application, Environ } from '../../../lib/environ/types.js';
import { ConfigError } from '../../../lib/errors.js';
import type { ServerOptions } from '../../../lib/server/options/options.js';
import { makeServer } from '../../../lib/server/server.js';
import { answer } from '../../support/answer.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { TLS } from '../../support/tls.js';
import { Threads } from '../threads/support.js';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const read = (name: string) => readFileSync(fixture(name));

const caCerts = fixture('client-ca.pem');
const ALICE = { cert: read('client-cert.pem'), key: read('client-key.pem') };
/** No authority that the server knows has signed it. */
const STRANGER = { cert: readFileSync(TLS.certfile), key: readFileSync(TLS.keyfile) };

const latin1 = (text: string) => Buffer.from(text).toString('latin1');

const DN = latin1('emailAddress=alice@example.com,CN=alice,OU=Two,OU=One,O=Müller\\, Söhne \\+ Co,C=DE');

let seen: Environ | undefined;
const app: Application = (environ, start_response) => {
  seen = environ;
  return answer(start_response, String(environ['SSL_CLIENT_S_DN_CN']));
};

/** The body, or `refused`. */
async function ask(port: number, certificate: object = {}, path = '/'): Promise<string> {
  const asked = httpsRequest({
    port,
    path,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    agent: false,
    ...certificate,
  });
  asked.end();
  try {
    const [response] = await once(asked, 'response');
    return String(Buffer.concat(await response.toArray()));
  } catch {
    return 'refused';
  }
}

async function serve(certReqs: ServerOptions['certReqs']): Promise<number> {
  const { serverPort } = await serveApp(app, { ...TLS, certReqs, caCerts });
  return serverPort;
}

describe('certificates of clients', () => {
  beforeEach(() => {
    seen = undefined;
  });

  afterEach(async () => {
    await closeServers();
    removeTemporaryFolders();
  });

  it('are required: a client without, or with one of a stranger, is refused', async () => {
    const port = await serve('required');
    expect(await ask(port)).to.equal('refused');
    expect(await ask(port, STRANGER)).to.equal('refused');
    expect(seen).to.equal(undefined);
    expect(await ask(port, ALICE)).to.equal('alice');
  });

  it('are optional: a client without is served, one of a stranger is refused', async () => {
    const port = await serve('optional');
    expect(await ask(port, STRANGER)).to.equal('refused');
    expect(seen).to.equal(undefined);
    expect(await ask(port)).to.equal('undefined');
    expect(seen).to.include({ SSL_CLIENT_VERIFY: 'NONE' }).and.not.have.property('SSL_CLIENT_CERT');
    expect(await ask(port, ALICE)).to.equal('alice');
  });

  it('are not asked for by default', async () => {
    const { serverPort } = await serveApp(app, TLS);
    expect(await ask(serverPort, ALICE)).to.equal('undefined');
    expect(Object.keys(seen ?? {}).filter((key) => key.startsWith('SSL_'))).to.deep.equal([]);
  });

  it('are in environ with the names and forms of mod_ssl', async () => {
    await ask(await serve('required'), ALICE);
    const found = Object.fromEntries(Object.entries(seen ?? {}).filter(([key]) => key.startsWith('SSL_')));
    expect(found).to.deep.equal({
      SSL_CLIENT_VERIFY: 'SUCCESS',
      SSL_CLIENT_M_SERIAL: '0ABC01',
      SSL_CLIENT_V_START: 'Jan  2 03:04:05 2020 GMT',
      SSL_CLIENT_V_END: 'Jan  1 00:00:00 2120 GMT',
      SSL_CLIENT_S_DN: DN,
      SSL_CLIENT_S_DN_C: 'DE',
      SSL_CLIENT_S_DN_O: latin1('Müller, Söhne + Co'),
      SSL_CLIENT_S_DN_OU: 'One',
      SSL_CLIENT_S_DN_OU_1: 'Two',
      SSL_CLIENT_S_DN_CN: 'alice',
      SSL_CLIENT_S_DN_Email: 'alice@example.com',
      SSL_CLIENT_I_DN: 'O=Example,CN=Example CA',
      SSL_CLIENT_I_DN_O: 'Example',
      SSL_CLIENT_I_DN_CN: 'Example CA',
      SSL_CLIENT_CERT: String(ALICE.cert),
    });
  });

  it('cannot be claimed by a header', async () => {
    const port = await serve('optional');
    await ask(port, { headers: { 'SSL-CLIENT-VERIFY': 'SUCCESS', SSL_CLIENT_S_DN: 'CN=alice' } });
    expect(seen).to.include({ SSL_CLIENT_VERIFY: 'NONE' }).and.not.have.property('SSL_CLIENT_S_DN');
  });

  it('are in the environ of threads as well', async () => {
    const threads = await Threads.start({ ...TLS, certReqs: 'required', caCerts });
    try {
      const environ = JSON.parse(await ask(threads.port, ALICE, '/environ')) as Record<string, unknown>;
      expect(environ).to.include({ SSL_CLIENT_S_DN: DN, SSL_CLIENT_CERT: String(ALICE.cert) });
    } finally {
      await threads.stop();
    }
  });

  it('need a file of authorities that can be used', async () => {
    const folder = temporaryFolder({ 'empty.pem': '', 'wrong.pem': '-----BEGIN CERTIFICATE-----\nx\n' });
    for (const [file, why] of [
      ['none.pem', 'cannot be read: ENOENT'],
      ['empty.pem', 'cannot be used, it has to be a PEM file of certificates: '],
      ['wrong.pem', 'cannot be used, it has to be a PEM file of certificates: '],
    ] as const) {
      const path = join(folder, file);
      const failed = await makeServer('127.0.0.1', 0, app, {
        ...TLS,
        certReqs: 'required',
        caCerts: path,
      }).catch((error: unknown) => error);
      expect(failed)
        .to.be.instanceOf(ConfigError)
        .with.property('message')
        .that.contains(`The caCerts ${path} ${why}`);
    }
  });
});
