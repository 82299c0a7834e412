/** Runs one server of the bench: `serve.ts NAME` prints the port it listens on. */
import { servers } from './index.js';

const name = process.argv[2] ?? '';
const start = servers[name];
if (start === undefined)
  throw new Error(`No such server: ${name}. There are ${Object.keys(servers).join(', ')}`);
console.log(await start());
