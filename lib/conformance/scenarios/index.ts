/** The table: every scenario of every theme. */
import type { Scenario } from '../scenario.js';
import { bodies } from './bodies.js';
import { bodiless } from './bodiless.js';
import { close } from './close.js';
import { closeOrder } from './close-order.js';
import { connection } from './connection.js';
import { emptyBlocks } from './empty-blocks.js';
import { environ } from './environ.js';
import { errors } from './errors.js';
import { excInfo } from './exc-info.js';
import { expectContinue } from './expect-continue.js';
import { extensions } from './extensions.js';
import { fileFaults } from './file-faults.js';
import { files } from './file-wrapper.js';
import { framing } from './framing.js';
import { input } from './input.js';
import { parsing } from './parsing.js';
import { responseHead } from './response-head.js';
import { startResponse } from './start-response.js';
import { streaming } from './streaming.js';
import { write } from './write.js';

export const scenarios: readonly Scenario[] = [
  ...startResponse,
  ...excInfo,
  ...streaming,
  ...write,
  ...close,
  ...emptyBlocks,
  ...closeOrder,
  ...framing,
  ...responseHead,
  ...bodiless,
  ...errors,
  ...environ,
  ...input,
  ...bodies,
  ...files,
  ...fileFaults,
  ...expectContinue,
  ...connection,
  ...parsing,
  ...extensions,
];
