/** HTML by its elements, attributes and texts: comments, order of attributes and unseen white space aside. */
import { align, type Hunk } from './align.js';
import type { Findings } from './findings.js';
import { type HtmlNode, nodesOf } from './html-nodes.js';
import type { Ignore } from './ignore.js';
import { compareText } from './lines.js';
import { withoutOwnHost } from './own-host.js';

/** What a page is compared with beside its text. */
export interface PageOptions {
  readonly ignore: Ignore;
  /** URL of the request on each side: links to the server itself are the same with and without its host. */
  readonly urls: readonly [original: string | undefined, candidate: string | undefined];
  readonly xml: boolean;
}

const LINKS = /^(?:action|cite|data|formaction|href|poster|src)$/;

export function comparePages(
  original: string,
  candidate: string,
  options: PageOptions,
  findings: Findings,
): void {
  const { ignore, urls, xml } = options;
  const a = nodesOf(ignore.mask(original), xml).map((node) => plain(node, urls[0], ignore));
  const b = nodesOf(ignore.mask(candidate), xml).map((node) => plain(node, urls[1], ignore));
  const [keys, otherKeys] = [a.map(keyOf), b.map(keyOf)];
  let border = 0;
  for (const { original: ours, candidate: theirs } of align(keys, otherKeys)) {
    const moved =
      ours[0] === ours[1]
        ? slide(b, otherKeys, theirs, theirs[0] - (ours[0] - border))
        : slide(a, keys, ours, border);
    border = ours[1];
    if (ours[0] === ours[1]) compareParts([], moved, findings);
    else if (theirs[0] === theirs[1]) compareParts(moved, [], findings);
    else compareParts(a.slice(...ours), b.slice(...theirs), findings);
  }
}

/**
 * Of a part that is on one side only it is open where it begins, if what comes before it is like its end: at the
 * outermost element, so that `<li>` is missing and not `</li><li>`.
 */
function slide(
  nodes: readonly HtmlNode[],
  keys: readonly string[],
  [from, to]: readonly [number, number],
  border: number,
): HtmlNode[] {
  const depthAt = (at: number) => nodes[at]?.path.split('/').length ?? 0;
  let best = from;
  for (let at = from; at > border && keys[at - 1] === keys[at - 1 + to - from]; at--) {
    if (depthAt(at - 1) < depthAt(best)) best = at - 1;
  }
  return nodes.slice(best, best + to - from);
}

/** Parts in which something differs: those with the same name and place in the tree belong together. */
function compareParts(a: readonly HtmlNode[], b: readonly HtmlNode[], findings: Findings): void {
  let [x, y] = [0, 0];
  const end: Hunk = { original: [a.length, a.length], candidate: [b.length, b.length] };
  for (const { original: ours, candidate: theirs } of [...align(a.map(shapeOf), b.map(shapeOf)), end]) {
    for (; x < ours[0] && y < theirs[0]; x++, y++) {
      const [one, other] = [a[x], b[y]];
      if (one !== undefined && other !== undefined) compareNodes(one, other, findings);
    }
    for (const node of outermost(a.slice(...ours))) findings.add('body', node.place, shown(node), undefined);
    for (const node of outermost(b.slice(...theirs)))
      findings.add('body', node.place, undefined, shown(node));
    [x, y] = [ours[1], theirs[1]];
  }
}

function compareNodes(a: HtmlNode, b: HtmlNode, findings: Findings): void {
  if (a.type !== 'element') {
    compareText('body', a.place, a.text, b.text, findings);
    return;
  }
  for (const name of new Set([...a.attributes.keys(), ...b.attributes.keys()])) {
    findings.compare('body', `${a.place}/@${name}`, a.attributes.get(name), b.attributes.get(name));
  }
}

/** Without those that are inside of another one that is missing. */
function outermost(nodes: readonly HtmlNode[]): HtmlNode[] {
  const found: HtmlNode[] = [];
  for (const node of nodes) {
    const last = found.at(-1);
    if (last === undefined || !node.place.startsWith(`${last.place}/`)) found.push(node);
  }
  return found;
}

function plain(node: HtmlNode, url: string | undefined, ignore: Ignore): HtmlNode {
  const attributes = [...node.attributes].map(([name, value]): [string, string] => {
    if (name === 'class') return [name, ignore.mask(value.trim().replace(/\s+/g, ' '))];
    return [name, ignore.mask(LINKS.test(name) ? withoutOwnHost(value, url) : value)];
  });
  attributes.sort(([one], [other]) => (one < other ? -1 : 1));
  return { ...node, attributes: new Map(attributes), text: ignore.mask(node.text) };
}

function shapeOf({ type, path, name }: HtmlNode): string {
  return `${type} ${path} ${name}`;
}

function keyOf(node: HtmlNode): string {
  return JSON.stringify([shapeOf(node), [...node.attributes], node.text]);
}

function shown({ type, name, attributes, text }: HtmlNode): string {
  if (type === 'doctype') return `<!${text}>`;
  if (type === 'text') return text;
  const list = [...attributes].map(([key, value]) =>
    value === '' ? ` ${key}` : ` ${key}=${JSON.stringify(value)}`,
  );
  return `<${name}${list.join('')}>`;
}
