/** What the checklist asks for: its rows by number, so that none is forgotten. */

/** E: functional scenarios. */
export const FUNCTIONAL = [
  ...range('E', 1, 36),
  ...range('E', 40, 97),
  ...range('E', 100, 120),
  ...range('E', 130, 155),
  ...range('E', 160, 186),
  ...range('E', 190, 225),
];

/** A: duties of a gateway, those that are a must. */
export const DUTIES = [
  // The call, start_response, exc_info
  ...range('A', 1, 8),
  ...range('A', 10, 13),
  ...range('A', 15, 18),
  ...range('A', 20, 24),
  ...numbers('A', 26, 28),
  // Streaming, write
  ...range('A', 30, 34),
  ...numbers('A', 36, 37, 38, 40),
  ...range('A', 45, 49),
  ...numbers('A', 51, 54),
  // Iteration and close
  ...range('A', 60, 68),
  ...numbers('A', 72, 74),
  // Framing
  ...numbers('A', 80, 84, 85, 87, 88),
  ...range('A', 91, 96),
  // Status and headers
  ...numbers('A', 110, 111),
  ...range('A', 113, 122),
  ...numbers('A', 125, 130, 131, 134),
  ...numbers('A', 141, 142, 144),
  // Streams and files
  ...numbers('A', 150, 151, 154, 157, 160, 161, 163, 168, 170, 172, 173),
  ...numbers('A', 180, 182, 183, 184),
  ...numbers('A', 191, 192),
  ...range('A', 194, 198),
  // Expect, connections
  ...numbers('A', 210, 212, 214, 216, 218),
  ...numbers('A', 230, 231, 232, 234, 236),
  // Errors
  ...numbers('A', 250, 254, 255, 258, 259),
  // Parsing
  ...range('A', 270, 285),
  // Environ and extensions
  ...range('A', 300, 302),
  ...numbers('A', 306, 307, 309, 310),
  // Middleware
  ...range('A', 320, 328),
  ...numbers('A', 330),
];

function range(letter: string, first: number, last: number): string[] {
  return numbers(letter, ...Array.from({ length: last - first + 1 }, (_, i) => first + i));
}

function numbers(letter: string, ...all: number[]): string[] {
  return all.map((number) => `${letter}-${String(number).padStart(3, '0')}`);
}
