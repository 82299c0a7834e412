/** One WebSocket of random traffic: every message is sent back, or the connection ends as one of the two wants. */
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  closeFrame,
  codeOf,
  type Frame,
  fragments,
  frame,
  PING,
  PONG,
  pieces,
  RawWebSocket,
  TEXT,
} from '../support/frames.js';
import { contentOf } from './content.js';
import { dial, type Line, PATIENCE_MS, type Scene } from './http-conversation.js';
import type { TalkPlan } from './plan.js';
import { within } from './server-process.js';

const DONE = 1000;

export class WebSocketConversation {
  readonly plan: TalkPlan;
  readonly #scene: Scene;
  #line: Line | undefined;
  #socket: RawWebSocket | undefined;
  #echoes = 0;
  #onEcho: () => void = () => {};

  constructor(plan: TalkPlan, scene: Scene) {
    this.plan = plan;
    this.#scene = scene;
  }

  /** @returns how many messages came back. @throws Error that says what went wrong. */
  async run(): Promise<number> {
    const { talk } = this.plan;
    try {
      await within(this.#talk(), 'it does not come to an end', PATIENCE_MS);
    } catch (error) {
      if (!this.#scene.server.victims.has(talk.id)) {
        throw new Error(`WebSocket ${talk.id}: ${(error as Error).message}\n  ${JSON.stringify(this.plan)}`);
      }
    } finally {
      this.#line?.socket.destroy();
    }
    return this.#echoes;
  }

  async #talk(): Promise<void> {
    const { talk, messages } = this.plan;
    this.#line = await dial(this.#scene.server, false);
    const headers = [`X-Order: ${JSON.stringify(talk)}`];
    this.#socket = await RawWebSocket.connect(this.#line.socket, { headers });
    if (!this.#socket.head.startsWith('HTTP/1.1 101 '))
      throw new Error(`it was refused: ${this.#socket.head}`);
    const sending = this.#send();
    for (const [i, size] of (talk.flood ?? []).entries()) {
      await this.#expect(BINARY, contentOf(`${i} to ${talk.id}`, size, 'bytes'));
    }
    const most = talk.closesAfter ?? messages.length;
    for (const [i, { size, kind }] of messages.slice(0, most).entries()) {
      await this.#expect(kind === 'bytes' ? BINARY : TEXT, contentOf(`${talk.id}.${i}`, size, kind));
      this.#echoes++;
      this.#onEcho();
    }
    if (talk.closesAfter !== undefined) await this.#expectClose(talk.code);
    else {
      await sending;
      await this.#end();
    }
  }

  async #send(): Promise<void> {
    const { talk, messages, depth } = this.plan;
    const socket = this.#socket as RawWebSocket;
    for (const [i, { size, kind, fragments: count }] of messages.entries()) {
      while (i - this.#echoes >= depth && this.#echoes !== talk.closesAfter && !socket.closed) {
        await new Promise<void>((resolve) => {
          this.#onEcho = resolve;
        });
      }
      const content = contentOf(`${talk.id}.${i}`, size, kind);
      const parts = pieces(content, Math.max(1, Math.ceil(size / count)));
      await socket.send(fragments(kind === 'bytes' ? BINARY : TEXT, parts));
    }
  }

  async #end(): Promise<void> {
    const { ends, halfFrame } = this.plan;
    const socket = this.#socket as RawWebSocket;
    if (ends === 'close') {
      await socket.send(closeFrame(DONE, 'done'));
      await this.#expectClose(DONE);
      return;
    }
    if (halfFrame) await socket.send(frame(BINARY, Buffer.alloc(1000)).subarray(0, 500));
    this.#line?.leave(ends);
    await socket.toEnd();
  }

  /** The next message, in as many frames as there are. */
  async #expect(opcode: number, content: Buffer): Promise<void> {
    const frames: Frame[] = [];
    for (let fin = false; !fin; ) {
      const next = await this.#next();
      frames.push(next);
      fin = next.fin;
      const wanted = frames.length === 1 ? opcode : CONTINUATION;
      if (next.opcode !== wanted)
        throw new Error(`a frame has opcode ${next.opcode}, not ${wanted}: ${this.#told(next)}`);
    }
    const payload = Buffer.concat(frames.map((one) => one.payload));
    if (payload.equals(content)) return;
    throw new Error(`message ${this.#echoes} came back wrong (${payload.length} of ${content.length} bytes)`);
  }

  /** The server's close frame, and the end of the connection. */
  async #expectClose(code: number): Promise<void> {
    const socket = this.#socket as RawWebSocket;
    const next = await this.#next();
    if (next.opcode !== CLOSE || codeOf(next) !== code) {
      throw new Error(`it was not closed with ${code}: ${this.#told(next)}`);
    }
    await socket.send(closeFrame(code));
    await socket.toEnd();
  }

  async #next(): Promise<Frame> {
    const socket = this.#socket as RawWebSocket;
    for (;;) {
      const [next] = await socket.next();
      if (next === undefined) throw new Error(`the connection ended after ${this.#echoes} messages`);
      if (next.opcode === PING) await socket.send(frame(PONG, next.payload));
      else return next;
    }
  }

  #told({ opcode, payload }: Frame): string {
    return opcode === CLOSE ? `close ${payload.toString('latin1', 2)}` : `${payload.length} bytes`;
  }
}
