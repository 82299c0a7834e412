/** HTML as tokens, as the standard of the WHATWG reads it: tags, attributes, entities, raw text. Comments are left out. */
import { unescape as unescapeText } from '../../stdlib/html.js';
import { readEntities } from '../../stdlib/html-entities.js';

export type Token =
  | {
      readonly type: 'start';
      readonly name: string;
      readonly attributes: ReadonlyMap<string, string>;
      readonly selfClosing: boolean;
    }
  | { readonly type: 'end'; readonly name: string }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'doctype'; readonly text: string };

/** Their content has no tags; of the second kind it has entities. */
const RAW = /^(?:script|style|xmp|iframe|noembed|noframes)$/;
const RAW_WITH_ENTITIES = /^(?:title|textarea)$/;
/** In these other rules hold: no raw text, and `/>` closes. */
const FOREIGN = /^(?:svg|math)$/;

const TAG_NAME = /[^\t\n\f />]+/y;
const BETWEEN = /[\t\n\f /]*/y;
/** The first character may be `=`. */
const ATTRIBUTE_NAME = /[^\t\n\f />][^\t\n\f />=]*/y;
const VALUE = /[\t\n\f ]*=[\t\n\f ]*(?:"([^"]*)"|'([^']*)'|([^\t\n\f >"'][^\t\n\f >]*)?)/y;
const COMMENT_END = /-->|--!>/g;

/** @param xml `/>` closes, as in XHTML. */
export function* tokensOf(html: string, xml = false): Generator<Token, void, undefined> {
  yield* new Tokenizer(html.replace(/\r\n?/g, '\n'), xml).tokens();
}

class Tokenizer {
  readonly #html: string;
  readonly #xml: boolean;
  #at = 0;
  /** How deep in svg or math. */
  #foreign = 0;

  constructor(html: string, xml: boolean) {
    this.#html = html;
    this.#xml = xml;
  }

  *tokens(): Generator<Token, void, undefined> {
    const html = this.#html;
    let text = '';
    while (this.#at < html.length) {
      const open = html.indexOf('<', this.#at);
      const end = open === -1 ? html.length : open;
      text += html.slice(this.#at, end);
      this.#at = end;
      if (open === -1) break;
      const token = this.#markup();
      if (token === '<') text += token;
      else if (token !== undefined) {
        if (text !== '') yield { type: 'text', text: unescapeText(text) };
        text = '';
        yield token;
        if (token.type === 'start') yield* this.#content(token.name, token.selfClosing && this.#xml);
      }
    }
    if (text !== '') yield { type: 'text', text: unescapeText(text) };
  }

  /** What begins with `<`: a token, `<` itself as text, or undefined for a comment and what is read as one. */
  #markup(): Token | '<' | undefined {
    const html = this.#html;
    const next = html[this.#at + 1] ?? '';
    if (/[a-zA-Z]/.test(next)) return this.#tag('start', this.#at + 1);
    if (next === '/') {
      const after = html[this.#at + 2] ?? '';
      if (/[a-zA-Z]/.test(after)) return this.#tag('end', this.#at + 2);
      if (after !== '') return this.#skipTo('>', this.#at + 2);
    } else if (next === '!') {
      return this.#declaration();
    } else if (next === '?') {
      return this.#skipTo('>', this.#at + 2);
    }
    this.#at++;
    return '<';
  }

  #declaration(): Token | undefined {
    const html = this.#html;
    if (html.startsWith('<!--', this.#at)) {
      // `<!-->` and `<!--->` are comments too.
      COMMENT_END.lastIndex = this.#at + 4;
      const end = /^<!---?>/.exec(html.slice(this.#at, this.#at + 6))?.[0].length;
      const found = end === undefined ? COMMENT_END.exec(html) : null;
      if (end !== undefined) this.#at += end;
      else this.#at = found === null ? html.length : found.index + found[0].length;
      return undefined;
    }
    const from = this.#at + 2;
    this.#skipTo('>', from);
    const text = html.slice(from, this.#at).replace(/>$/, '');
    return /^doctype/i.test(text)
      ? { type: 'doctype', text: text.replace(/\s+/g, ' ').trim().toLowerCase() }
      : undefined;
  }

  #skipTo(character: string, from: number): undefined {
    const end = this.#html.indexOf(character, from);
    this.#at = end === -1 ? this.#html.length : end + character.length;
  }

  /** Undefined if the text ends within it. */
  #tag(type: 'start' | 'end', from: number): Token | undefined {
    this.#at = from;
    const name = (this.#match(TAG_NAME)?.[0] ?? '').toLowerCase();
    const attributes = new Map<string, string>();
    let between = this.#match(BETWEEN)?.[0] ?? '';
    for (;;) {
      if (this.#at >= this.#html.length) return undefined;
      if (this.#html[this.#at] === '>') break;
      const attribute = (this.#match(ATTRIBUTE_NAME)?.[0] ?? '').toLowerCase();
      const [, double, single, bare] = this.#match(VALUE) ?? [];
      // An unclosed quote takes the rest of the text.
      if (/["']/.test(this.#html[this.#at] ?? '') && bare === undefined && (double ?? single) === undefined) {
        this.#at = this.#html.length;
        return undefined;
      }
      // Of several the first counts.
      if (!attributes.has(attribute))
        attributes.set(attribute, attributeText(double ?? single ?? bare ?? ''));
      between = this.#match(BETWEEN)?.[0] ?? '';
    }
    this.#at++;
    if (FOREIGN.test(name)) this.#foreign = Math.max(0, this.#foreign + (type === 'start' ? 1 : -1));
    if (type === 'end') return { type, name };
    const selfClosing = between.endsWith('/');
    if (selfClosing && FOREIGN.test(name)) this.#foreign--;
    return { type, name, attributes, selfClosing };
  }

  /** Text up to the end tag, of elements whose content has no tags. */
  *#content(name: string, closed: boolean): Generator<Token, void, undefined> {
    const raw = RAW.test(name);
    if (this.#foreign > 0 || closed || !(raw || RAW_WITH_ENTITIES.test(name))) return;
    const end = name === 'script' ? scriptEnd(this.#html, this.#at) : rawEnd(this.#html, name, this.#at);
    const text = this.#html.slice(this.#at, end);
    this.#at = end;
    if (text !== '') yield { type: 'text', text: raw ? text : unescapeText(text) };
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#html);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }
}

function rawEnd(html: string, name: string, from: number): number {
  const end = new RegExp(`</${name}(?=[\\t\\n\\f />])`, 'gi');
  end.lastIndex = from;
  return end.exec(html)?.index ?? html.length;
}

/** An end tag within `<!-- <script> … -->` is part of the script ("script data double escaped state"). */
function scriptEnd(html: string, from: number): number {
  const parts = /<!--|-->|<\/?script(?=[\t\n\f />])/gi;
  parts.lastIndex = from;
  let escaped = false;
  let inner = false;
  for (let found = parts.exec(html); found !== null; found = parts.exec(html)) {
    const part = found[0].toLowerCase();
    if (part === '<!--') escaped = true;
    else if (part === '-->') escaped = inner = false;
    else if (part === '<script') inner = escaped;
    else if (!inner) return found.index;
    else inner = false;
  }
  return html.length;
}

let entities: Map<string, string> | undefined;

/** In an attribute a name without its semicolon is none if `=`, a letter or a digit follows: `?a=1&copy=2` stays. */
function attributeText(value: string): string {
  if (!value.includes('&')) return value;
  return value.replace(
    /&(?:#(?:\d+|[xX][\da-fA-F]+);?|([a-zA-Z][a-zA-Z\d]*;?)(=?))/g,
    (found, name?: string, equals = '') => {
      if (name === undefined) return unescapeText(found);
      if (!name.endsWith(';') && equals !== '') return found;
      entities ??= readEntities();
      const text = entities.get(name);
      return text === undefined ? found : text + equals;
    },
  );
}
