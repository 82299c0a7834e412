/** What this package writes into an HTTP Archive (HAR 1.2): the types of an entry, fields of our own with an underscore. */

/** Every field may be missing or of another type in the archive of somebody else: `read-entry.ts` checks. */
export interface HarHeader {
  readonly name: string;
  readonly value: string;
}

export interface HarPostData {
  readonly mimeType: string;
  /** The body where it is UTF-8, '' otherwise. */
  readonly text: string;
  /** Bytes that are not text, in base64: HAR has no field for them. */
  readonly _base64?: string;
  /** A file with the bytes, relative to the folder of the archive. */
  readonly _file?: string;
  /** The client left before the end that it had announced. */
  readonly _cut?: true;
}

export interface HarContent {
  readonly size: number;
  readonly mimeType: string;
  readonly text?: string;
  readonly encoding?: 'base64';
  /** Content-Encoding of these bytes. HAR's own rule is to store them decoded; this archive keeps what was sent. */
  readonly _coded?: string;
  readonly _file?: string;
  /** The server ended it before the end that it had announced. */
  readonly _cut?: true;
  /** The client left, or the recording ended, before the end of the body. */
  readonly _missing?: true;
}

export interface HarRequest {
  readonly method: string;
  readonly url: string;
  /** As on the request line, where `url` does not say it. */
  readonly _target?: string;
  readonly httpVersion: string;
  readonly cookies: readonly object[];
  readonly headers: readonly HarHeader[];
  readonly queryString: readonly HarHeader[];
  readonly postData?: HarPostData;
  readonly headersSize: number;
  readonly bodySize: number;
}

export interface HarResponse {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly statusText: string;
  readonly httpVersion: string;
  readonly cookies: readonly object[];
  readonly headers: readonly HarHeader[];
  readonly _trailers?: readonly HarHeader[];
  readonly content: HarContent;
  readonly redirectURL: string;
  readonly headersSize: number;
  readonly bodySize: number;
  readonly _error?: string;
}

/** As Chromium writes it. */
export interface HarMessage {
  readonly type: 'send' | 'receive';
  /** Seconds since 1970. */
  readonly time: number;
  /** 1 is text, 2 is binary, in base64. */
  readonly opcode: number;
  readonly data: string;
}

/** As the server closed a conversation; 1006 if the connection was lost, 0 if it is not known. */
export interface HarClose {
  readonly code: number;
  readonly reason: string;
  /** What the client has closed with, where it was the first. */
  readonly client?: { readonly code: number; readonly reason: string };
}

export interface HarEntry {
  readonly startedDateTime: string;
  /** Milliseconds, as all of the times. */
  readonly time: number;
  readonly request: HarRequest;
  readonly response: HarResponse;
  readonly cache: Record<string, never>;
  readonly timings: {
    readonly send: number;
    readonly wait: number;
    readonly receive: number;
    /** From the request to the first byte of the body. */
    readonly _first?: number;
  };
  readonly _resourceType?: 'websocket';
  readonly _webSocketClose?: HarClose;
  readonly comment?: string;
}
