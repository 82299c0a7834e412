/** A large multipart upload, and the memory that the server took for it. */
import { request } from 'node:http';
import { ServerProcess } from './server-process.js';

export interface UploadResult {
  bytes: number;
  seconds: number;
  /** MiB resident before, and at the highest point. */
  before: number;
  peak: number;
}

export async function measureUpload(bytes: number): Promise<UploadResult> {
  const server = await ServerProcess.node('wsgi');
  try {
    await upload(server.port, 1024 * 1024);
    const before = server.memory('now');
    const start = performance.now();
    const counted = await upload(server.port, bytes);
    const seconds = (performance.now() - start) / 1000;
    if (counted !== String(bytes)) throw new Error(`The server counted ${counted} bytes of ${bytes}`);
    return { bytes, seconds, before, peak: server.memory('peak') };
  } finally {
    server.stop();
  }
}

/** Sends one file part of as many bytes. @returns what the server counted. */
function upload(port: number, bytes: number): Promise<string> {
  const boundary = 'bench-boundary';
  const before = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  const block = Buffer.alloc(256 * 1024, 'u');
  return new Promise((resolve, reject) => {
    const client = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/upload',
      headers: {
        'Content-Type': `multipart/form-data; boundary=${boundary}`,
        'Content-Length': before.length + bytes + after.length,
      },
    });
    client.once('error', reject);
    client.once('response', async (response) => {
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part as Buffer);
      resolve(Buffer.concat(parts).toString());
    });
    let left = bytes;
    const send = () => {
      while (left > 0) {
        const size = Math.min(left, block.length);
        left -= size;
        if (!client.write(block.subarray(0, size))) {
          client.once('drain', send);
          return;
        }
      }
      client.end(after);
    };
    client.write(before);
    send();
  });
}
