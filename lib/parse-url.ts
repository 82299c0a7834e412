/** URLs in text that may be none. `URL.canParse` calls text with a character like `ü` none once V8 has compiled it (Node 20 and 22). */

/** @returns undefined for what is no URL. */
export function parseUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
