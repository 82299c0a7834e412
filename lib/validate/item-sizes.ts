/** Items that are slow to send: very large, for they are held as a whole, or many and very small. */
import type { Bytes } from '../environ/types.js';
import { warn } from './violation.js';

const LARGE = 1024 * 1024;
const SMALL = 16;
const MANY = 1000;

/** For one body. */
export function itemSizes(): (block: Bytes) => void {
  let small = 0;
  return (block) => {
    if (block.length > LARGE) warn('item-size', `one has ${block.length} bytes`);
    if (block.length < SMALL && ++small > MANY)
      warn('item-size', `more than ${MANY} have less than ${SMALL} bytes`);
  };
}
