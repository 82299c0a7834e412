/** Two answers as a reader sees them side by side: heads, and the part of the bodies in which they begin to differ. */
import { textOf } from '../diff/body-text.js';
import { blocksOf } from '../diff/content-coding.js';
import type { Observed } from '../diff/difference.js';
import { type JsonValue, parseJson } from '../diff/json-value.js';
import type { Answer, Conversation } from '../exchange.js';
import { valuesOf } from '../fields.js';
import { formOf, parseMediaType } from '../media-type.js';
import type { AnswerText } from './report-data.js';
import { withoutSecrets } from './secrets.js';
import { counted } from './visible.js';

/** Bytes of a body in which the first difference is looked for. */
const READ = 512 * 1024;
/** Characters that are shown, and how many of them before the difference. */
const SHOWN = 3000;
const BEFORE = 600;
const SHOWN_MESSAGES = 50;

export async function answerTexts(
  original: Observed | undefined,
  candidate: Observed | undefined,
): Promise<[AnswerText, AnswerText]> {
  const [a, b] = [await bodyOf(original), await bodyOf(candidate)];
  const at = firstDifference(a, b);
  return [
    { head: headOf(original), body: partOf(a, at) },
    { head: headOf(candidate), body: partOf(b, at) },
  ];
}

function headOf(observed: Observed | undefined): string {
  const { answer, failure } = observed ?? {};
  if (answer === undefined) return `No answer${failure === undefined ? '' : `: ${failure}`}`;
  const lines = withoutSecrets(answer.fields).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/${answer.version} ${answer.status} ${answer.reason}`.trimEnd();
  const trailers = withoutSecrets(answer.trailers).map(([name, value]) => `${name}: ${value} (trailer)`);
  return [status, ...lines, ...trailers].join('\n');
}

async function bodyOf(observed: Observed | undefined): Promise<string> {
  const { answer, conversation } = observed ?? {};
  const talk = conversation === undefined ? '' : talkOf(conversation);
  if (answer === undefined || answer.body.size === 0) return talk;
  const { bytes, more } = await beginningOf(answer);
  const end = [
    more ? `(of ${counted(answer.body.size, 'byte')} in all)` : '',
    answer.body.cut ? '(cut here)' : '',
    talk,
  ].filter((line) => line !== '');
  const media = parseMediaType(valuesOf(answer.fields, 'content-type')[0]);
  const form = formOf(media);
  const isText = form !== 'bytes' && !bytes.includes(0);
  const text = isText ? textOf(bytes, media, form === 'html').text : digitsOf(bytes);
  return [form === 'json' && isText ? jsonLines(text) : text, ...end].join('\n');
}

/** Bytes that cannot be decoded or read are better than nothing. */
async function beginningOf(answer: Answer): Promise<{ bytes: Buffer; more: boolean }> {
  for (const decode of [true, false]) {
    const blocks: Buffer[] = [];
    let size = 0;
    try {
      for await (const block of blocksOf(answer, decode)) {
        blocks.push(block);
        size += block.length;
        if (size > READ) break;
      }
      return { bytes: Buffer.concat(blocks).subarray(0, READ), more: size > READ };
    } catch {
      // Once more, as it was sent.
    }
  }
  return { bytes: Buffer.from('(the body cannot be read)'), more: false };
}

function digitsOf(bytes: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const text = row.toString('latin1').replace(/[^ -~]/g, '.');
    lines.push(
      `${at.toString(16).padStart(8, '0')}  ${(row.toString('hex').match(/../g) ?? []).join(' ').padEnd(47)}  ${text}`,
    );
  }
  return lines.join('\n');
}

function talkOf({ messages, closeCode, closeReason }: Conversation): string {
  const lines = messages.slice(0, SHOWN_MESSAGES).map(({ from, data }) => {
    const text =
      typeof data === 'string'
        ? data.slice(0, 500)
        : `${counted(data.length, 'byte')}: ${data.toString('hex', 0, 64)}`;
    return `${from === 'client' ? '→' : '←'} ${text}`;
  });
  if (messages.length > SHOWN_MESSAGES)
    lines.push(`… ${counted(messages.length - SHOWN_MESSAGES, 'more message')}`);
  return [...lines, `closed with ${closeCode}${closeReason === '' ? '' : ` ${closeReason}`}`].join('\n');
}

function firstDifference(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}

/** Whole lines from some before the difference on. */
function partOf(text: string, at: number): string {
  if (text.length <= SHOWN) return text;
  const near = Math.max(0, Math.min(at, text.length) - BEFORE);
  const line = text.lastIndexOf('\n', near) + 1;
  const from = near - line < BEFORE ? line : near;
  const part = text.slice(from, from + SHOWN);
  return `${from === 0 ? '' : '…\n'}${part}${from + SHOWN < text.length ? '\n…' : ''}`;
}

// JSON on many lines: every value as it was written, so that nothing is rounded

/** Shorter ones are read as they are. */
const LONG = 60;

/** Text on one line that is JSON, with a line for each value; every other text as it is. */
function jsonLines(source: string): string {
  if (source.length < LONG || source.trim().includes('\n')) return source;
  const value = parseJson(source);
  return value === undefined ? source : written(value, source, '');
}

function written(value: JsonValue, source: string, indent: string): string {
  const inner = `${indent}  `;
  if (value.type === 'array') {
    return list(
      '[',
      ']',
      value.items.map((item) => inner + written(item, source, inner)),
      indent,
    );
  }
  if (value.type !== 'object') return source.slice(value.start, value.end);
  const members = [...value.members].flatMap(([name, values]) =>
    values.map((one) => `${inner}${JSON.stringify(name)}: ${written(one, source, inner)}`),
  );
  return list('{', '}', members, indent);
}

function list(open: string, close: string, parts: readonly string[], indent: string): string {
  return parts.length === 0 ? open + close : `${open}\n${parts.join(',\n')}\n${indent}${close}`;
}
