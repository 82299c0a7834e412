/** HTML as a list of its elements and texts, each with the path to it; white space that no one sees is left out. */
import { tokensOf } from './html-tokens.js';

export interface HtmlNode {
  readonly type: 'element' | 'text' | 'doctype';
  /** `/html/body/ul/li[2]`, `/html/body/p/text()`. */
  readonly place: string;
  /** Names of what it is in, without those that HTML lets one leave out. */
  readonly path: string;
  /** Of an element. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Of a text or a doctype. */
  text: string;
}

interface Open {
  readonly name: string;
  readonly place: string;
  readonly path: string;
  readonly counts: Map<string, number>;
}

const VOID = /^(?:area|base|br|col|embed|frame|hr|img|input|link|meta|param|source|track|wbr)$/;
/** Their tags may be left out; without attributes they say nothing. */
const OPTIONAL = /^(?:html|head|body|tbody|colgroup)$/;
/** White space beside them is not seen. All others are in a line of text. */
const BLOCK =
  /^(?:address|article|aside|base|blockquote|body|br|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hgroup|hr|html|legend|li|link|main|menu|meta|nav|noframes|noscript|ol|optgroup|option|p|param|pre|script|section|select|source|style|summary|table|tbody|td|template|tfoot|th|thead|title|tr|track|ul)$/;
const KEEPS_SPACE = /^(?:pre|textarea|listing|plaintext|xmp)$/;

/** Elements that the start of another one ends, as far as one of the third column (HTML, "Optional tags"). */
const ENDS: readonly (readonly [start: RegExp, ended: RegExp, within: RegExp])[] = [
  [/^li$/, /^li$/, /^(?:ul|ol|menu)$/],
  [/^d[td]$/, /^d[td]$/, /^dl$/],
  [/^option$/, /^option$/, /^(?:select|optgroup|datalist)$/],
  [/^optgroup$/, /^(?:option|optgroup)$/, /^select$/],
  [/^t[dh]$/, /^t[dh]$/, /^(?:tr|table)$/],
  [/^tr$/, /^(?:t[dh]|tr)$/, /^(?:table|tbody|thead|tfoot)$/],
  [/^(?:tbody|thead|tfoot)$/, /^(?:t[dh]|tr|tbody|thead|tfoot|colgroup|caption)$/, /^table$/],
  [/^r[tp]$/, /^r[tp]$/, /^ruby$/],
  [/^body$/, /^head$/, /^html$/],
  [
    /^(?:address|article|aside|blockquote|center|details|dialog|dir|div|dl|fieldset|figcaption|figure|footer|form|h[1-6]|header|hgroup|hr|main|menu|nav|ol|p|pre|section|table|ul)$/,
    /^p$/,
    /^(?:button|td|th|caption|div|section|article|body|li|dd|table|object|template)$/,
  ],
];

/** Deeper elements share the path of this one, so that paths do not grow without end. */
const DEEPEST = 200;

/** @param xml `<div/>` is an element without content, as in XHTML. */
export function nodesOf(html: string, xml: boolean): HtmlNode[] {
  const builder = new Builder();
  let foreign = 0;
  for (const token of tokensOf(html, xml)) {
    if (token.type === 'text') builder.text(token.text);
    else if (token.type === 'doctype') builder.doctype(token.text);
    else if (token.type === 'end') {
      builder.end(token.name);
      if (/^(?:svg|math)$/.test(token.name)) foreign = Math.max(0, foreign - 1);
    } else {
      const closed =
        VOID.test(token.name) ||
        (token.selfClosing && (xml || foreign > 0 || /^(?:svg|math)$/.test(token.name)));
      if (/^(?:svg|math)$/.test(token.name) && !closed) foreign++;
      builder.start(token.name, token.attributes, closed);
    }
  }
  return builder.finish();
}

class Builder {
  readonly #nodes: HtmlNode[] = [];
  readonly #open: Open[] = [{ name: '', place: '', path: '', counts: new Map() }];
  /** The last text, if a block that follows would make its last space unseen. */
  #line: HtmlNode | undefined;
  /** A space that begins the next text is not seen. */
  #afterSpace = true;

  start(name: string, attributes: ReadonlyMap<string, string>, closed: boolean): void {
    for (const [start, ended, within] of ENDS) {
      if (start.test(name)) this.#endImplied(ended, within);
    }
    if (BLOCK.test(name)) this.#break();
    else if (VOID.test(name)) this.#afterSpace = false;
    const parent = this.#top;
    const place = placeIn(parent, name, this.#open.length);
    if (!OPTIONAL.test(name) || attributes.size > 0) {
      this.#nodes.push({ type: 'element', place, path: parent.path, name, attributes, text: '' });
    }
    if (closed) return;
    const deep = this.#open.length > DEEPEST || OPTIONAL.test(name);
    this.#open.push({ name, place, path: deep ? parent.path : `${parent.path}/${name}`, counts: new Map() });
  }

  end(name: string): void {
    if (BLOCK.test(name)) this.#break();
    const at = this.#open.findLastIndex((open) => open.name === name);
    if (at > 0) this.#open.length = at;
  }

  text(text: string): void {
    const parent = this.#top;
    const kept = this.#open.some((open) => KEEPS_SPACE.test(open.name));
    let seen = text;
    if (/^(?:script|style)$/.test(parent.name)) seen = text.trim();
    else if (kept) seen = this.#nodes.at(-1)?.place === parent.place ? text.replace(/^\n/, '') : text;
    else {
      seen = text.replace(/[\t\n\f\r ]+/g, ' ');
      if (this.#afterSpace) seen = seen.replace(/^ /, '');
    }
    if (seen === '') return;
    const { place, path } = { place: placeIn(parent, 'text()', this.#open.length), path: parent.path };
    const node: HtmlNode = { type: 'text', place, path, name: '', attributes: new Map(), text: seen };
    this.#nodes.push(node);
    if (kept) return;
    this.#line = node;
    this.#afterSpace = seen.endsWith(' ');
  }

  doctype(text: string): void {
    const node = {
      type: 'doctype',
      place: '/doctype',
      path: '',
      name: '',
      attributes: new Map<string, string>(),
      text,
    } as const;
    this.#nodes.push({ ...node });
  }

  finish(): HtmlNode[] {
    this.#break();
    return this.#nodes.filter(({ type, text }) => type !== 'text' || text !== '');
  }

  get #top(): Open {
    return this.#open.at(-1) ?? { name: '', place: '', path: '', counts: new Map() };
  }

  /** A line of text ends: the space at its end is not seen. */
  #break(): void {
    if (this.#line !== undefined) this.#line.text = this.#line.text.replace(/ $/, '');
    this.#line = undefined;
    this.#afterSpace = true;
  }

  #endImplied(ended: RegExp, within: RegExp): void {
    const border = this.#open.findLastIndex((open) => within.test(open.name));
    for (let at = Math.max(border, 0) + 1; at < this.#open.length; at++) {
      if (ended.test(this.#open[at]?.name ?? '')) this.#open.length = at;
    }
  }
}

/** The first of its name has no number. */
function placeIn(parent: Open, name: string, depth: number): string {
  const count = (parent.counts.get(name) ?? 0) + 1;
  parent.counts.set(name, count);
  const base = depth > DEEPEST ? parent.place : `${parent.place}/${name}`;
  return count === 1 ? base : `${base}[${count}]`;
}
