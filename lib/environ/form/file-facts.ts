/** What is known of a file that came with a form, whichever way its bytes are read. */

/** What is known of a file before its bytes. */
export interface FileInfo {
  /** Of the field. */
  readonly name: string;
  /**
   * As the client sent it, without a path (RFC 7578 section 4.2); `''` if it sent none. It is the client's word:
   * never open a file of that name.
   */
  readonly filename: string;
  /** The media type that the client says it is, without parameters. */
  readonly contentType: string;
}

/** Where its bytes went. */
export type FileContent =
  | { readonly size: number; readonly path: string }
  | { readonly size: number; readonly value: unknown };

export class FormFileFacts implements FileInfo {
  readonly name: string;
  readonly filename: string;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** The temporary file, which `form.close()` or the end of the request removes; undefined if `onFile` took the bytes. */
  readonly path: string | undefined;
  /** What `onFile` returned. */
  readonly value: unknown;

  constructor(info: FileInfo, content: FileContent) {
    this.name = info.name;
    this.filename = info.filename;
    this.contentType = info.contentType;
    this.size = content.size;
    this.path = 'path' in content ? content.path : undefined;
    this.value = 'value' in content ? content.value : undefined;
  }

  /** The temporary file. @throws TypeError if there is none. */
  protected storedPath(): string {
    if (this.path === undefined) throw new TypeError('onFile took the bytes of this file: use its value');
    return this.path;
  }
}
