/** WebSocket conversations: what the server sent, in order, and how it closed (RFC 6455). */
import type { Conversation, Message } from '../exchange.js';
import type { Findings } from './findings.js';
import type { Ignore } from './ignore.js';
import { JsonComparison } from './json.js';
import { type JsonValue, parseJson } from './json-value.js';
import { compareText } from './lines.js';

/** What the client sends is the same on both sides, but for values that each side has handed out itself. */
export function compareConversations(
  original: Conversation | undefined,
  candidate: Conversation | undefined,
  ignore: Ignore,
  findings: Findings,
): void {
  if (original === undefined && candidate === undefined) return;
  if (original === undefined || candidate === undefined) {
    const say = (one: Conversation | undefined) =>
      one === undefined ? undefined : `${fromServer(one).length} messages`;
    findings.add('websocket', '', say(original), say(candidate));
    return;
  }
  const [ours, theirs] = [fromServer(original), fromServer(candidate)];
  const length = Math.max(ours.length, theirs.length);
  for (let at = 0; at < length; at++) {
    compareMessages(`message ${at + 1}`, ours[at], theirs[at], ignore, findings);
  }
  findings.compare('websocket', 'close code', String(original.closeCode), String(candidate.closeCode));
  if (ignore.mask(original.closeReason) !== ignore.mask(candidate.closeReason)) {
    findings.add('websocket', 'close reason', original.closeReason, candidate.closeReason);
  }
}

function compareMessages(
  place: string,
  ours: Message | undefined,
  theirs: Message | undefined,
  ignore: Ignore,
  findings: Findings,
): void {
  const [a, b] = [ours?.data, theirs?.data];
  if (typeof a === 'string' && typeof b === 'string') {
    const [json, otherJson] = [structureOf(a), structureOf(b)];
    if (json !== undefined && otherJson !== undefined) {
      new JsonComparison('websocket', `${place} `, [a, b], ignore, findings).compare(json, otherJson);
    } else {
      compareText('websocket', place, ignore.mask(a), ignore.mask(b), findings);
    }
    return;
  }
  if (Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b)) return;
  findings.add('websocket', place, messageText(a), messageText(b));
}

/** Objects and arrays only: a text that happens to be `1` is text. */
function structureOf(text: string): JsonValue | undefined {
  return /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
}

function messageText(data: string | Buffer | undefined): string | undefined {
  if (data === undefined) return undefined;
  if (typeof data === 'string') return `text: ${data}`;
  return `${data.length} bytes: ${data.toString('hex')}`;
}

function fromServer(conversation: Conversation): Message[] {
  return conversation.messages.filter(({ from }) => from === 'server');
}
