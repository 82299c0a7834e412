/** One exchange: a request, and the answer that a server gave to it, as `record` writes it and `compare` reads it. */

/** Header fields as they are sent: in their order, repeated ones too, each name in its own case. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** The bytes of a request or an answer. Small ones are in memory, others in a file. */
export interface StoredBody {
  /** In bytes. */
  readonly size: number;
  /** It ended before the end that its framing had announced (RFC 9112, section 8). */
  readonly cut: boolean;
  /**
   * Not all of it was seen, and that says nothing about the server: a browser exported it without its content, the client
   * left before the end, or the recording ended first. There is nothing to compare.
   */
  readonly missing?: boolean | undefined;
  /** Its blocks; more than once if it is called again. */
  read(): AsyncIterable<Buffer>;
}

export interface RecordedRequest {
  readonly method: string;
  /** As on the request line: path and query, not decoded. */
  readonly target: string;
  readonly fields: Fields;
  readonly body: StoredBody;
}

export interface Answer {
  readonly status: number;
  readonly reason: string;
  /** `1.1`, as in `HTTP/1.1`. */
  readonly version: string;
  readonly fields: Fields;
  readonly trailers: Fields;
  /** Answers before this one, such as 103 Early Hints (RFC 9110, section 15.2), without 100 Continue; undefined if not known. */
  readonly interim?: readonly { readonly status: number; readonly fields: Fields }[] | undefined;
  /** Without its transfer coding; a content coding (gzip) stays. */
  readonly body: StoredBody;
  /** Milliseconds from the request to the head, to the first byte of the body and to its last; absent if not known. */
  readonly times?: { readonly head: number; readonly first: number; readonly last: number } | undefined;
}

/** A message of a WebSocket conversation (RFC 6455). */
export interface Message {
  readonly from: 'client' | 'server';
  /** Text, or the bytes of a binary message. */
  readonly data: string | Buffer;
  /** Milliseconds since the handshake. */
  readonly time: number;
}

export interface Conversation {
  readonly messages: readonly Message[];
  /** As the server closed it: RFC 6455, section 7.4; 1006 if the connection was lost, 0 if the archive does not say. */
  readonly closeCode: number;
  readonly closeReason: string;
  /** What the client has closed with, where it was the first; 1005 without a code. The server as a rule echoes it. */
  readonly clientClose?: { readonly code: number; readonly reason: string } | undefined;
}

export interface Exchange {
  readonly request: RecordedRequest;
  /** When the request came; undefined in a list of requests that nobody recorded. */
  readonly started?: Date | undefined;
  /** Undefined where there was none: the connection failed, or this is a list of requests alone. */
  readonly answer?: Answer | undefined;
  /** After an answer of 101. */
  readonly conversation?: Conversation | undefined;
}
