/** Runs one server of the bench: `serve.ts NAME` prints the port it listens on. */
import { serverOf } from './index.js';

const name = process.argv[2] ?? '';
const start = serverOf(name);
if (start === undefined) throw new Error(`There is no server ${name}`);
console.log(await start());
