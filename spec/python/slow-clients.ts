/** Clients that take their time with a file of Python: its handler waits for them, and is not what takes long. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { PythonApplication } from '../../lib/python/from-python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';

/** More than the buffers of the system. */
const SIZE = 40_000_000;
/** More than handlers may take, and than they have after KeyboardInterrupt. */
const PAUSE_MS = 4500;

/** @param app made with a timeout of 1, and loaded before the specs run. */
export function waitsForSlowClients(app: () => PythonApplication): void {
  afterEach(closeServers);

  it('is not interrupted while the client takes a file', async () => {
    const { address } = await serveApp(app(), { timeout: 0 });
    const log = await captureLog(async () => {
      const [response] = (await once(get(`${address}/large-file?${SIZE}`), 'response')) as [IncomingMessage];
      await sleep(PAUSE_MS);
      let length = 0;
      for await (const block of response) length += (block as Buffer).length;
      expect(length).to.equal(SIZE);
      expect((await fetch(`${address}/`)).status).to.equal(200);
    });
    expect(log).to.equal('');
  });
}
