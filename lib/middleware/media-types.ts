/** Media types by file extension: those that browsers act on. */

/** As IANA registers them; JavaScript by RFC 9239, XML by RFC 7303. */
const TYPES = new Map<string, string>(
  Object.entries({
    '7z': 'application/x-7z-compressed',
    aac: 'audio/aac',
    apng: 'image/apng',
    atom: 'application/atom+xml',
    avif: 'image/avif',
    bmp: 'image/bmp',
    css: 'text/css',
    csv: 'text/csv',
    doc: 'application/msword',
    docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    eot: 'application/vnd.ms-fontobject',
    epub: 'application/epub+zip',
    flac: 'audio/flac',
    geojson: 'application/geo+json',
    gif: 'image/gif',
    gz: 'application/gzip',
    htm: 'text/html',
    html: 'text/html',
    ico: 'image/vnd.microsoft.icon',
    ics: 'text/calendar',
    jpeg: 'image/jpeg',
    jpg: 'image/jpeg',
    js: 'text/javascript',
    json: 'application/json',
    jsonld: 'application/ld+json',
    jxl: 'image/jxl',
    m4a: 'audio/mp4',
    map: 'application/json',
    md: 'text/markdown',
    mid: 'audio/midi',
    mjs: 'text/javascript',
    mov: 'video/quicktime',
    mp3: 'audio/mpeg',
    mp4: 'video/mp4',
    mpeg: 'video/mpeg',
    odp: 'application/vnd.oasis.opendocument.presentation',
    ods: 'application/vnd.oasis.opendocument.spreadsheet',
    odt: 'application/vnd.oasis.opendocument.text',
    oga: 'audio/ogg',
    ogg: 'audio/ogg',
    ogv: 'video/ogg',
    opus: 'audio/ogg',
    otf: 'font/otf',
    pdf: 'application/pdf',
    png: 'image/png',
    ppt: 'application/vnd.ms-powerpoint',
    pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    rss: 'application/rss+xml',
    rtf: 'application/rtf',
    svg: 'image/svg+xml',
    tar: 'application/x-tar',
    tif: 'image/tiff',
    tiff: 'image/tiff',
    ttf: 'font/ttf',
    txt: 'text/plain',
    vtt: 'text/vtt',
    wasm: 'application/wasm',
    wav: 'audio/wav',
    weba: 'audio/webm',
    webm: 'video/webm',
    webmanifest: 'application/manifest+json',
    webp: 'image/webp',
    woff: 'font/woff',
    woff2: 'font/woff2',
    xhtml: 'application/xhtml+xml',
    xls: 'application/vnd.ms-excel',
    xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    xml: 'application/xml',
    yaml: 'application/yaml',
    yml: 'application/yaml',
    zip: 'application/zip',
  }),
);

/** JSON is UTF-8 without being told (RFC 8259 section 8.1). */
const TEXT = /^text\/|^application\/xml$|\+xml$/;

/** The type for a file name, text with its charset; undefined if the extension says nothing. */
export function mediaType(name: string): string | undefined {
  const type = TYPES.get(extensionOf(name));
  return type !== undefined && TEXT.test(type) ? `${type}; charset=utf-8` : type;
}

/** In lower case, without the dot: `gz` of `a.tar.GZ`, and `''` of `.profile`. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 1 ? '' : name.slice(dot + 1).toLowerCase();
}
