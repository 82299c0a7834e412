/** The cases of the Autobahn testsuite's families 1 to 7, as bytes to send and frames to get. */
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  closeFrame,
  fragments,
  frame,
  PING,
  PONG,
  pieces,
  TEXT,
} from '../../support/frames.js';

export interface Case {
  id: string;
  /** Each in a write of its own, or all in one if `together`. */
  sends: Buffer[];
  together?: boolean;
  /** All bytes in writes of so many. */
  chop?: number;
  /** The frames that answer; by default none. */
  gets?: (readonly [opcode: number, payload: string | Buffer])[];
  /** The code that the server closes with by itself. By default the client closes with 1000, and so does the server. */
  closes?: number;
}

const HELLO = 'Hello, world!';
const FULL = Buffer.alloc(125, 0xfe);
const echoes = (opcode: number, payload: string | Buffer): Pick<Case, 'gets'> => ({
  gets: [[opcode, payload]],
});

/** Each case three times over: a write for each frame, one write for all, a write for each octet. */
function threeTimes(id: string, one: Omit<Case, 'id'>): Case[] {
  return [
    { id: `${id}, frame-wise`, ...one },
    { id: `${id}, at once`, ...one, together: true },
    { id: `${id}, octet-wise`, ...one, chop: 1 },
  ];
}

function family1(): Case[] {
  const cases: Case[] = [];
  for (const opcode of [TEXT, BINARY]) {
    for (const [i, length] of [0, 125, 126, 127, 128, 65535, 65536].entries()) {
      const payload = Buffer.alloc(length, opcode === TEXT ? '*' : 0xfe);
      cases.push({ id: `1.${opcode}.${i + 1}`, sends: [frame(opcode, payload)], ...echoes(opcode, payload) });
    }
    const payload = Buffer.alloc(65536, opcode === TEXT ? '*' : 0xfe);
    cases.push({
      id: `1.${opcode}.8`,
      sends: [frame(opcode, payload)],
      chop: 997,
      ...echoes(opcode, payload),
    });
  }
  return cases;
}

function family2(): Case[] {
  const binary = Buffer.from([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff]);
  const tenPings = Array.from({ length: 10 }, (_, i) => `payload-${i}`);
  return [
    { id: '2.1', sends: [frame(PING)], ...echoes(PONG, '') },
    { id: '2.2', sends: [frame(PING, HELLO)], ...echoes(PONG, HELLO) },
    { id: '2.3', sends: [frame(PING, binary)], ...echoes(PONG, binary) },
    { id: '2.4', sends: [frame(PING, FULL)], ...echoes(PONG, FULL) },
    { id: '2.5', sends: [frame(PING, Buffer.alloc(126, 0xfe))], closes: 1002 },
    { id: '2.6', sends: [frame(PING, FULL)], chop: 1, ...echoes(PONG, FULL) },
    { id: '2.7', sends: [frame(PONG)] },
    { id: '2.8', sends: [frame(PONG, 'unsolicited')] },
    { id: '2.9', sends: [frame(PONG, 'unsolicited'), frame(PING, HELLO)], ...echoes(PONG, HELLO) },
    ...threeTimes('2.10 and 2.11', {
      sends: tenPings.map((payload) => frame(PING, payload)),
      gets: tenPings.map((payload) => [PONG, payload] as const),
    }),
  ];
}

function family3(): Case[] {
  const hello = frame(TEXT, HELLO);
  return [
    ...[1, 2, 3, 4, 5, 6, 7].map((rsv) => ({
      id: `3.1, RSV ${rsv}`,
      sends: [frame(TEXT, HELLO, { rsv })],
      closes: 1002,
    })),
    ...[2, 3, 4].flatMap((rsv) =>
      threeTimes(`3.${rsv}`, {
        sends: [hello, frame(TEXT, HELLO, { rsv }), frame(PING)],
        ...echoes(TEXT, HELLO),
        closes: 1002,
      }),
    ),
    { id: '3.5', sends: [frame(BINARY, FULL, { rsv: 5 })], closes: 1002 },
    { id: '3.6', sends: [frame(PING, HELLO, { rsv: 6 })], closes: 1002 },
    { id: '3.7', sends: [frame(CLOSE, '', { rsv: 7 })], closes: 1002 },
  ];
}

function family4(): Case[] {
  return [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => {
    const id = `4.${opcode < 8 ? 1 : 2}, opcode ${opcode}`;
    return [
      { id, sends: [frame(opcode)], closes: 1002 },
      { id: `${id} with a payload`, sends: [frame(opcode, HELLO)], closes: 1002 },
      ...threeTimes(`${id} after a message`, {
        sends: [frame(TEXT, HELLO), frame(opcode, HELLO), frame(PING)],
        ...echoes(TEXT, HELLO),
        closes: 1002,
      }),
    ];
  });
}

function family5(): Case[] {
  const [first, last] = fragments(TEXT, ['fragment1', 'fragment2']) as [Buffer, Buffer];
  const whole = 'fragment1fragment2';
  const ping = frame(PING, 'ping');
  const lonely = (fin: boolean) => frame(CONTINUATION, 'non-continuation payload', { fin });
  const five = fragments(TEXT, ['f1', 'f2', 'f3', 'f4', 'f5']);
  const [f1, f2, f3, f4, f5] = five as [Buffer, Buffer, Buffer, Buffer, Buffer];
  return [
    { id: '5.1', sends: [frame(PING, 'f1', { fin: false }), frame(CONTINUATION, 'f2')], closes: 1002 },
    { id: '5.2', sends: [frame(PONG, 'f1', { fin: false }), frame(CONTINUATION, 'f2')], closes: 1002 },
    ...threeTimes('5.3 to 5.5', { sends: [first, last], ...echoes(TEXT, whole) }),
    ...threeTimes('5.6 to 5.8', {
      sends: [first, ping, last],
      gets: [
        [PONG, 'ping'],
        [TEXT, whole],
      ],
    }),
    ...threeTimes('5.9 to 5.11', { sends: [lonely(true), frame(TEXT, HELLO)], closes: 1002 }),
    ...threeTimes('5.12 to 5.14', { sends: [lonely(false), frame(TEXT, HELLO)], closes: 1002 }),
    ...threeTimes('5.15', {
      sends: [first, last, lonely(false), frame(TEXT, HELLO)],
      ...echoes(TEXT, whole),
      closes: 1002,
    }),
    ...threeTimes('5.16', { sends: [lonely(false), first, last], closes: 1002 }),
    ...threeTimes('5.17', { sends: [lonely(true), first, last], closes: 1002 }),
    ...threeTimes('5.18', { sends: [first, frame(TEXT, 'fragment2')], closes: 1002 }),
    ...threeTimes('5.19 and 5.20', {
      sends: [f1, f2, frame(PING, 'p1'), f3, f4, frame(PING, 'p2'), f5],
      gets: [
        [PONG, 'p1'],
        [PONG, 'p2'],
        [TEXT, 'f1f2f3f4f5'],
      ],
    }),
  ];
}

function family6(): Case[] {
  const text = 'Hello-µ@ßöäüàá-UTF-8!!';
  const octets = Buffer.from(text);
  const broken = Buffer.concat([
    Buffer.from('κόσμε'),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from('edited'),
  ]);
  const tooLarge = Buffer.concat([
    Buffer.from('κόσμε'),
    Buffer.from([0xf4, 0x90, 0x80, 0x80]),
    Buffer.from('edited'),
  ]);
  return [
    { id: '6.1.1', sends: [frame(TEXT)], ...echoes(TEXT, '') },
    { id: '6.1.2', sends: fragments(TEXT, ['', '', '']), ...echoes(TEXT, '') },
    { id: '6.1.3', sends: fragments(TEXT, ['', 'middle', '']), ...echoes(TEXT, 'middle') },
    { id: '6.2.1', sends: [frame(TEXT, text)], ...echoes(TEXT, text) },
    { id: '6.2.2', sends: fragments(TEXT, ['Hello-µ@ß', 'öäüàá-UTF-8!!']), ...echoes(TEXT, text) },
    { id: '6.2.3', sends: fragments(TEXT, pieces(octets, 1)), ...echoes(TEXT, text) },
    { id: '6.2.4', sends: fragments(TEXT, pieces(Buffer.from('κόσμε'), 1)), ...echoes(TEXT, 'κόσμε') },
    { id: '6.3.1', sends: [frame(TEXT, broken)], closes: 1007 },
    { id: '6.3.2', sends: fragments(TEXT, pieces(broken, 1)), closes: 1007 },
    { id: '6.4.1', sends: fragments(TEXT, pieces(tooLarge, 11)), closes: 1007 },
    { id: '6.4.2', sends: fragments(TEXT, pieces(tooLarge, 12)), closes: 1007 },
    { id: '6.4.3', sends: [frame(TEXT, tooLarge)], chop: 11, closes: 1007 },
    { id: '6.4.4', sends: [frame(TEXT, tooLarge)], chop: 1, closes: 1007 },
    ...utf8Cases(),
  ];
}

/** 6.5 to 6.23: the sequences of Markus Kuhn's UTF-8 stress test, in hex; whole, and a fragment for each octet. */
function utf8Cases(): Case[] {
  const table: Record<string, { valid?: string; invalid?: string }> = {
    '6.5': { valid: 'cebae1bdb9cf83cebcceb5' },
    '6.6': {
      valid: 'ceba cebae1bdb9 cebae1bdb9cf83 cebae1bdb9cf83cebc cebae1bdb9cf83cebcceb5',
      invalid: 'ce cebae1 cebae1bd cebae1bdb9cf cebae1bdb9cf83ce cebae1bdb9cf83cebcce',
    },
    '6.7': { valid: '00 c280 e0a080 f0908080' },
    '6.8': { invalid: 'f888808080 fc8480808080' },
    '6.9': { valid: '7f dfbf efbfbf f48fbfbf' },
    '6.10': { invalid: 'f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf' },
    '6.11': { valid: 'ed9fbf ee8080 efbfbd f48fbfbf', invalid: 'f4908080' },
    '6.12': {
      invalid: '80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf 80bf80bf80bf80 808182838485868788',
    },
    '6.13': { invalid: 'c020c120df20 e020e120ef20 f020f120f720 f820f920fb20 fc20fd20 c0 e0 f0 f8 fc' },
    '6.14': { invalid: 'c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf' },
    '6.15': { invalid: 'c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf' },
    '6.16': { invalid: 'fe ff fefeffff' },
    '6.17': { invalid: 'c0af e080af f08080af f8808080af fc80808080af' },
    '6.18': { invalid: 'c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf' },
    '6.19': { invalid: 'c080 e08080 f0808080 f880808080 fc8080808080' },
    '6.20': { invalid: 'eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf' },
    '6.21': {
      invalid:
        'eda080edb080 eda080edbfbf edadbfedb080 edadbfedbfbf edae80edb080 edae80edbfbf edafbfedb080 edafbfedbfbf',
    },
    '6.22': {
      valid:
        'efbfbe efbfbf f09fbfbe f09fbfbf f0afbfbe f0afbfbf f0bfbfbe f0bfbfbf f18fbfbe f18fbfbf f19fbfbe f19fbfbf ' +
        'f1afbfbe f1afbfbf f1bfbfbe f1bfbfbf f28fbfbe f28fbfbf f29fbfbe f29fbfbf f2afbfbe f2afbfbf f2bfbfbe f2bfbfbf ' +
        'f38fbfbe f38fbfbf f39fbfbe f39fbfbf f3afbfbe f3afbfbf f3bfbfbe f3bfbfbf f48fbfbe f48fbfbf',
    },
    '6.23': { valid: 'efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf' },
  };
  return Object.entries(table).flatMap(([family, { valid = '', invalid = '' }]) => [
    ...valid.split(' ').flatMap((hex) => utf8Case(family, hex, true)),
    ...invalid.split(' ').flatMap((hex) => utf8Case(family, hex, false)),
  ]);
}

function utf8Case(family: string, hex: string, valid: boolean): Case[] {
  if (hex === '') return [];
  const octets = Buffer.from(hex, 'hex');
  const result = valid ? echoes(TEXT, octets) : { closes: 1007 };
  const id = `${family}, ${valid ? 'valid' : 'invalid'} ${hex}`;
  return [
    { id, sends: [frame(TEXT, octets)], ...result },
    { id: `${id}, in fragments`, sends: fragments(TEXT, pieces(octets, 1)), ...result },
  ];
}

function family7(): Case[] {
  const valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
  const invalid = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535];
  const close = closeFrame(1000);
  const text = frame(TEXT, HELLO);
  const [first, last] = fragments(TEXT, ['fragment1', 'fragment2']) as [Buffer, Buffer];
  const large = Buffer.alloc(256 * 1024, 'A');
  return [
    ...threeTimes('7.1.1', { sends: [text, close], ...echoes(TEXT, HELLO), closes: 1000 }),
    ...threeTimes('7.1.2', { sends: [close, close], closes: 1000 }),
    ...threeTimes('7.1.3', { sends: [close, frame(PING)], closes: 1000 }),
    ...threeTimes('7.1.4', { sends: [close, text], closes: 1000 }),
    ...threeTimes('7.1.5', { sends: [first, close, last], closes: 1000 }),
    { id: '7.1.6', sends: [frame(TEXT, large), close, frame(PING)], ...echoes(TEXT, large), closes: 1000 },
    { id: '7.3.1', sends: [frame(CLOSE)], closes: 1005 },
    { id: '7.3.2', sends: [frame(CLOSE, 'a')], closes: 1002 },
    { id: '7.3.3', sends: [close], closes: 1000 },
    { id: '7.3.4', sends: [closeFrame(1000, HELLO)], closes: 1000 },
    { id: '7.3.5', sends: [closeFrame(1000, '*'.repeat(123))], closes: 1000 },
    { id: '7.3.6', sends: [closeFrame(1000, '*'.repeat(124))], closes: 1002 },
    {
      id: '7.5.1',
      sends: [closeFrame(1000, Buffer.from('cebae1bdb9cf83cebcceb5eda080656469746564', 'hex'))],
      closes: 1007,
    },
    ...valid.flatMap((code) => [
      { id: `7.7, code ${code}`, sends: [closeFrame(code)], closes: code },
      { id: `7.7, code ${code} with a reason`, sends: [closeFrame(code, HELLO)], closes: code },
    ]),
    ...invalid.map((code) => ({ id: `7.9 and 7.13, code ${code}`, sends: [closeFrame(code)], closes: 1002 })),
  ];
}

export const FAMILIES: Record<string, Case[]> = {
  '1 framing': family1(),
  '2 pings and pongs': family2(),
  '3 reserved bits': family3(),
  '4 reserved opcodes': family4(),
  '5 fragmentation': family5(),
  '6 UTF-8': family6(),
  '7 closing': family7(),
};
