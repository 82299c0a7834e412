/** A published message as the frame that goes to a WebSocket: made once for all sockets that can have the same. */
import type { Publication } from '../../topics.js';
import { deflateNow, type LeanDeflate } from './deflate.js';

/** Larger messages are not compressed: the event loop would stand still for too long. */
const MOST_DEFLATED = 256 * 1024;

// RFC 6455 section 5.2.
const FIN = 0x80;
/** RFC 7692 section 6: the message is compressed. */
const RSV1 = 0x40;
const TEXT = 1;
const BINARY = 2;

/**
 * The frame for a socket. Undefined where it cannot be that of others: the socket has to send it by itself.
 * @param deflate what the socket negotiated.
 */
export function frameFor(
  publication: Publication,
  deflate: LeanDeflate | undefined,
  compress: boolean,
): Buffer | undefined {
  if (deflate === undefined || !compress) return publication.once('plain', plainFrame);
  // It is compressed with what the connection sent before.
  if (!deflate.standsAlone) return undefined;
  const { length } = publication.bytes;
  if (length < deflate.threshold || length > MOST_DEFLATED) return publication.once('plain', plainFrame);
  const { windowBits, memLevel } = deflate;
  return publication.once(`deflate ${windowBits} ${memLevel}`, ({ bytes, isText }) =>
    frame(deflateNow(bytes, windowBits, memLevel), isText, RSV1),
  );
}

function plainFrame({ bytes, isText }: Publication): Buffer {
  return frame(bytes, isText, 0);
}

/** Without a mask, as a server sends it: head and payload in one, so that a socket needs one write. */
function frame(payload: Buffer, isText: boolean, rsv: number): Buffer {
  const { length } = payload;
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(start + length);
  bytes[0] = FIN | rsv | (isText ? TEXT : BINARY);
  if (start === 2) bytes[1] = length;
  else if (start === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  payload.copy(bytes, start);
  return bytes;
}
