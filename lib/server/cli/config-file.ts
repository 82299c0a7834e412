/** The config file: `wsgi.config.mjs`, whose exports are options by name (gunicorn's `gunicorn.conf.py`, F-G001). */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { isPromise } from '../../environ/maybe-promise.js';
import { ConfigError } from '../../errors.js';
import type { Option } from '../options/option-kinds.js';
import { COMMAND_OPTIONS, SERVER_OPTIONS } from '../options/option-table.js';
import type { CommandOptions, ServerOptions } from '../options/options.js';
import { unknownOption } from '../options/unknown-option.js';
import { importModule, LoadError, NeverSettled, settled } from './import-module.js';

const DEFAULT_FILE = 'wsgi.config.mjs';

export interface Config {
  readonly server: ServerOptions;
  readonly command: CommandOptions;
  /** gunicorn's `wsgi_app`: the MODULE:CALLABLE to run when the command line has none. */
  readonly wsgiApp?: string | undefined;
}

/** What `file`, or else `wsgi.config.mjs` if the folder has one, says. Every value is checked. */
export async function loadConfigFile(cwd: string, file?: string): Promise<Config> {
  const shown = file ?? DEFAULT_FILE;
  const path = configPath(cwd, file);
  if (!existsSync(path)) {
    if (file === undefined) return { server: {}, command: {} };
    throw new ConfigError(`There is no config file ${file}: ${path} does not exist`);
  }
  return readConfig(await settingsOf(path, shown), shown);
}

/** Where the config file is, or would be. */
export function configPath(cwd: string, file: string = DEFAULT_FILE): string {
  return resolve(cwd, file);
}

/** The default export, called if it is a function, else the named ones. */
async function settingsOf(path: string, shown: string): Promise<object> {
  const exported = await importModule(path, shown);
  let settings: unknown = 'default' in exported ? exported['default'] : exported;
  if (typeof settings === 'function') {
    try {
      settings = settings();
      if (isPromise(settings)) {
        settings = await settled(settings, `The default export of ${shown} never returned: its promise`);
      }
    } catch (error) {
      if (error instanceof NeverSettled) throw error;
      throw new LoadError(`The default export of ${shown} threw`, { cause: error });
    }
  }
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings;
  throw new ConfigError(
    `The default export of ${shown} must be an object or a function that returns one, not ${inspect(settings)}`,
  );
}

function readConfig(settings: object, shown: string): Config {
  const server: Record<string, unknown> = {};
  const command: Record<string, unknown> = {};
  let wsgiApp: string | undefined;
  for (const [spelled, value] of Object.entries(settings)) {
    if (value === undefined) continue;
    const name = NAMES.get(spelled);
    if (name === undefined) throw new ConfigError(unknownOption(spelled, NAMES.keys(), shown));
    if (name === 'wsgiApp') {
      if (typeof value !== 'string') {
        throw new ConfigError(`${shown}: option ${spelled} must be MODULE:CALLABLE, not ${inspect(value)}`);
      }
      wsgiApp = value;
      continue;
    }
    const [values, option] = Object.hasOwn(SERVER_OPTIONS, name)
      ? [server, SERVER_OPTIONS[name as keyof ServerOptions]]
      : [command, COMMAND_OPTIONS[name as keyof CommandOptions]];
    if (name in values) throw new ConfigError(`${shown}: option ${name} is there twice, once as ${spelled}`);
    values[name] = option.kind.check(value, `${shown}: option ${spelled}`);
  }
  return { server, command, wsgiApp };
}

/** Each name that a config file may use -> our name: gracefulTimeout, graceful_timeout, and gunicorn's odd ones. */
const NAMES = new Map<string, string>([
  ['wsgiApp', 'wsgiApp'],
  ['wsgi_app', 'wsgiApp'],
]);
const configurable: [string, Option][] = [
  ...Object.entries(SERVER_OPTIONS),
  ...Object.entries(COMMAND_OPTIONS).filter(([, option]) => option.inConfigFile),
];
for (const [name, { gunicorn }] of configurable) {
  NAMES.set(name, name);
  NAMES.set(toSnakeCase(name), name);
  if (gunicorn !== undefined) NAMES.set(gunicorn, name);
}

function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
