/** Why a thread could not load the application, as text: the error itself does not cross as it is. */
import { ConfigError } from '../../../errors.js';
import { describeThrown } from '../../../logger.js';
import { describeLoadFailure } from '../../cli/import-module.js';

/**
 * One sentence for what the user did, and the stack of what code threw.
 * @param error as it was thrown, or as it came from a thread: an Error with the properties of what it was.
 */
export function describeLoadError(error: unknown): string {
  if (!isConfigError(error)) return describeThrown(error);
  return error.cause === undefined ? error.message : `${error.message}\n${describeLoadFailure(error.cause)}`;
}

function isConfigError(error: unknown): error is Error {
  return error instanceof Error && (error as Partial<ConfigError>).code === CODE;
}

const CODE = new ConfigError('').code;
