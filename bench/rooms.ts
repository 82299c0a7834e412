/** What one message to a room costs: CPU for each delivery, and the time to the last member, beside a loop over `ws`. */
import { connect, type Socket } from 'node:net';
import { type Bench, Comparison, type Measured, median } from './compare.js';
import { ServerProcess } from './server-process.js';
import { clientFrame, handshake } from './websocket-load.js';

export const ROOM_PARTS = ['rooms', 'rooms-10k', 'rooms-deflate', 'rooms-workers'];

interface RoomLoad {
  readonly title: string;
  readonly members: number;
  /** Bytes of a message. */
  readonly size: number;
  readonly deflate?: boolean;
}

const LOADS: Readonly<Record<string, RoomLoad>> = {
  rooms: { title: '2,000 members, 128 bytes', members: 2000, size: 128 },
  'rooms-10k': { title: '10,000 members, 128 bytes', members: 10_000, size: 128 },
  'rooms-deflate': { title: '2,000 members, 4 KiB, compressed', members: 2000, size: 4096, deflate: true },
};

export async function roomParts({ rounds, time, chosen, add }: Bench): Promise<void> {
  for (const [part, load] of Object.entries(LOADS)) {
    if (!chosen(part)) continue;
    const start = () => Promise.all(['rawRoom', 'wsgiRoom'].map((name) => ServerProcess.node(name)));
    add(await measure(load, start, rounds, time));
  }
  if (!chosen('rooms-workers')) return;
  // Members do not answer pings.
  const options = ['--websocket-ping-interval', '0'];
  const start = () => Promise.all([0, 2].map((count) => ServerProcess.wsgi(count, 'rooms.js', options)));
  for (const members of [2000, 10_000]) {
    const title = `over two workers, ${members.toLocaleString('en')} members, 128 bytes`;
    add(await measure({ title, members, size: 128 }, start, rounds, time));
  }
}

async function measure(
  load: RoomLoad,
  start: () => Promise<ServerProcess[]>,
  rounds: number,
  time: number,
): Promise<string> {
  const comparison = new Comparison();
  const servers = await start();
  const latencies = new Map<string, readonly number[]>();
  const measureRooms = async (some: readonly ServerProcess[]) => {
    const rooms = new Map<string, Room>();
    for (const { name, port } of some) rooms.set(name, await Room.open(port, load));
    await comparison.measure(some, rounds, async ({ name }) => {
      const room = rooms.get(name) as Room;
      const end = performance.now() + time;
      let deliveries = 0;
      while (performance.now() < end) deliveries += await room.publish();
      return deliveries;
    });
    for (const [name, room] of rooms) latencies.set(name, room.latencies);
    for (const room of rooms.values()) room.close();
  };
  // A process has descriptors for one large room as a rule, not for two.
  if (load.members > 5000) for (const server of servers) await measureRooms([server]);
  else await measureRooms(servers);
  for (const server of servers) server.stop();
  return roomTable(`Rooms: ${load.title}`, comparison.results, latencies);
}

function roomTable(
  title: string,
  measured: readonly Measured[],
  latencies: ReadonlyMap<string, readonly number[]>,
): string {
  const rows = measured.map(({ name, perSecond, cpu, ratio, spread: [low, high] }) => {
    const latency = median([...(latencies.get(name) ?? [])]);
    return [
      name,
      Math.round(perSecond),
      cpu.toFixed(2),
      ratio.toFixed(2),
      `${low.toFixed(2)}–${high.toFixed(2)}`,
      latency.toFixed(1),
    ].join(' | ');
  });
  const head = [
    '| server | deliveries per second | CPU µs | ratio | spread | ms to the last member |',
    '|---|---|---|---|---|---|',
  ];
  return [`### ${title}`, '', ...head, ...rows.map((row) => `| ${row} |`)].join('\n');
}

/** Members that only count bytes, so that the server is what is measured; the first of them publishes. */
class Room {
  /** Milliseconds from a message to its arrival at the last member. */
  readonly latencies: number[] = [];
  readonly #sockets: readonly Socket[];
  readonly #message: Buffer;
  /** Bytes of a message, as it comes to a member; 0: not known yet. */
  #size = 0;
  #missing = 0;
  #arrived: () => void = () => {};

  private constructor(sockets: readonly Socket[], message: Buffer) {
    this.#sockets = sockets;
    this.#message = message;
  }

  static async open(port: number, { members, size, deflate = false }: RoomLoad): Promise<Room> {
    const sockets: Socket[] = [];
    while (sockets.length < members) {
      const batch = Array.from({ length: Math.min(100, members - sockets.length) }, () =>
        openMember(port, deflate),
      );
      sockets.push(...(await Promise.all(batch)));
    }
    const room = new Room(sockets, clientFrame(0x81, textOf(size)));
    await room.#learnSize();
    for (const socket of sockets) socket.removeAllListeners('data').on('data', room.#take);
    return room;
  }

  /** @returns how many members there are, once all have the message. */
  async publish(): Promise<number> {
    const { length } = this.#sockets;
    this.#missing = length * this.#size;
    const begin = performance.now();
    await new Promise<void>((resolve) => {
      this.#arrived = resolve;
      this.#sockets[0]?.write(this.#message);
    });
    this.latencies.push(performance.now() - begin);
    return length;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  readonly #take = ({ length }: Buffer): void => {
    this.#missing -= length;
    if (this.#missing === 0) this.#arrived();
  };

  /** One message before all others: compressed, its size is the server's choice. */
  async #learnSize(): Promise<void> {
    const sizes = this.#sockets.map(
      (socket) => new Promise<number>((resolve) => whenMessage(socket, ({ length }) => resolve(length))),
    );
    this.#sockets[0]?.write(this.#message);
    this.#size = (await Promise.all(sizes))[0] ?? 0;
  }
}

function openMember(port: number, deflate: boolean): Promise<Socket> {
  const offer = deflate ? ['Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover'] : [];
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    let text = '';
    // After the head comes "in": it is a member.
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (text.endsWith('\x02in')) resolve(socket);
    });
    socket.write(handshake(port, '/', offer));
  });
}

/** A whole frame of the server, which has no mask (RFC 6455 section 5.2). */
function whenMessage(socket: Socket, came: (frame: Buffer) => void): void {
  let bytes = Buffer.alloc(0);
  socket.removeAllListeners('data').on('data', (data) => {
    bytes = Buffer.concat([bytes, data]);
    const length = bytes[1] === 126 ? bytes.readUInt16BE(2) + 4 : (bytes[1] ?? 0) + 2;
    if (bytes.length >= length) came(bytes);
  });
}

/** Text that can be compressed to about a quarter, as JSON can. */
function textOf(size: number): Buffer {
  let text = '';
  for (let i = 0; text.length < size; i++) text += `{"id":${i},"name":"item ${(i * 7919) % 1000}"},`;
  return Buffer.from(text.slice(0, size));
}
