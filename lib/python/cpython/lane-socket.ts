/**
 * What is read from a socket of a child process, into memory of ours. Node's own sockets can do that (`onread`), and those to
 * children cannot be told to: so what is below one gets another socket. That is not documented; without it, all works, and
 * bytes are copied once more.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { FrameReader } from './frames.js';

interface Handle {
  useUserBuffer?(memory: Uint8Array): void;
}

/** Switched off by specs. */
export const laneSockets = { readIntoMemory: true };

/**
 * @param socket nobody has listened to yet; it is not to be used any more.
 * @returns the socket to write to, whose `close` comes after all was read.
 */
export function readFrames(socket: Socket, reader: FrameReader): Socket {
  const inside = socket as Socket & { _handle?: Handle | null };
  const handle = inside._handle;
  if (!laneSockets.readIntoMemory || typeof handle?.useUserBuffer !== 'function') {
    return socket.on('data', (chunk: Buffer) => reader.push(chunk));
  }
  inside._handle = null;
  const options = {
    handle,
    onread: {
      buffer: () => reader.room(),
      callback: (bytes: number) => {
        reader.came(bytes);
        return true;
      },
    },
  };
  return new Socket(options as unknown as SocketConstructorOpts);
}
