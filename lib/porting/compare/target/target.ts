/** What is compared: a server that runs already (its URL), an application of JavaScript, or a command that serves. */
import { inspect } from 'node:util';
import { parseUrl } from '../../../environ/syntax.js';
import { ConfigError } from '../../../errors.js';
import { parseTarget as parseAppTarget } from '../../../server/cli/load-app.js';
import { addressOf } from '../replay/send-request.js';
import { accepts, type RunningServer, startApplication, startCommand } from './start-server.js';

/** One side of a comparison. */
export interface Target {
  /** As a person wrote it. */
  readonly name: string;
  /** Each start begins with fresh state of its own process. A server that runs already is only reached. */
  readonly fresh: boolean;
  /** @throws ConfigError with what the server wrote, if it does not accept a connection in time. */
  start(signal?: AbortSignal): Promise<RunningServer>;
}

export interface TargetOptions {
  /** For applications of JavaScript: handlers in so many threads. Default: 0, on the event loop. */
  readonly threads?: number | undefined;
  /** Seconds until a server has to accept connections. Default: 30. */
  readonly startTimeout?: number | undefined;
}

const START_TIMEOUT_S = 30;

/**
 * Reads `http://127.0.0.1:8000`, `site.mjs:app`, or `python3 site.py {port}`.
 * @param option which one it is, for messages: `--original`.
 * @throws ConfigError for other text.
 */
export function parseTarget(text: string, option: string, options: TargetOptions = {}): Target {
  const { threads = 0, startTimeout = START_TIMEOUT_S } = options;
  if (/^https?:\/\//i.test(text)) {
    if (threads > 0) {
      throw new ConfigError(
        `${option}-threads is for an application of JavaScript: the server at ${text} runs already`,
      );
    }
    return urlTarget(text, option);
  }
  if (text.includes('{port}')) {
    if (threads > 0) {
      throw new ConfigError(
        `${option}-threads is for MODULE:CALLABLE: write --threads into the command itself`,
      );
    }
    return {
      name: text,
      fresh: true,
      start: (signal) => startCommand(text, { option, startTimeout, signal }),
    };
  }
  checkApplicationName(text, option);
  return {
    name: text,
    fresh: true,
    start: (signal) => startApplication(text, { option, startTimeout, threads, signal }),
  };
}

function urlTarget(text: string, option: string): Target {
  const url = parseUrl(text);
  if (url === undefined || url.search !== '' || url.hash !== '') {
    throw new ConfigError(
      `${option} ${inspect(text)} is not the URL of a server, such as http://127.0.0.1:8000`,
    );
  }
  return {
    name: text,
    fresh: false,
    async start() {
      const { host, port } = addressOf(url);
      if (!(await accepts(host, port))) {
        throw new ConfigError(`${option}: nothing accepts connections at ${text}: is the server running?`);
      }
      return { url, fault: () => undefined, stop: async () => {} };
    },
  };
}

function checkApplicationName(text: string, option: string): void {
  const withoutArguments = text.replace(/\(.*\)$/s, '');
  if (/\s/.test(withoutArguments.trim())) {
    throw new ConfigError(
      `${option} ${inspect(text)} looks like a command, which needs {port} where the port goes that it has to listen on`,
    );
  }
  try {
    parseAppTarget(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      `${option} ${inspect(text)} is not a target: write a URL (http://127.0.0.1:8000), MODULE:CALLABLE of JavaScript ` +
        '(site.mjs:app), or a command with {port} that serves',
    );
  }
}
