#!/usr/bin/env node
/** The command `wsgi`: reads the command line and the config file, loads the application, runs it. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { ignore } from './environ/maybe-promise.js';
import { ConfigError, WsgiError } from './errors.js';
import { describeThrown } from './logger.js';
import { addressOf, foldersOf, namesPython } from './python/command.js';
import type { PythonApplication } from './python/from-python.js';
import { renderHelp } from './server/cli/command-help.js';
import { cgiOptions, checkCgiCommand, parseCommandLine, UsageError } from './server/cli/command-line.js';
import { configPath, loadConfigFile } from './server/cli/config-file.js';
import { describeLoadFailure, LoadError } from './server/cli/import-module.js';
import { hasModule, loadApp } from './server/cli/load-app.js';
import { writePidFile } from './server/cli/pid-file.js';
import { takeLogSignal } from './server/log/log-file.js';
import type { CgiOptions } from './server/options/gateway-options.js';
import { COMMAND_OPTIONS } from './server/options/option-table.js';
import { type CommandOptions, resolveOptions, type ServerOptions } from './server/options/options.js';
import type { Server } from './server/server.js';
import { RELOAD_GRACE_S } from './server/workers/child-report.js';
import { isSupervised, joinSupervisor, reportFile, reportReady } from './server/workers/supervised.js';

/** Resolves to the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const supervised = await joinSupervisor();
  const line = parseCommandLine(argv);
  if (line.command.help) return print(renderHelp());
  if (line.command.version) return print(`wsgi ${packageVersion()}\n`);
  if (line.command.cgi) checkCgiCommand(line);
  else if (line.command.blocking) {
    throw new UsageError('--blocking goes with --cgi: a server has --threads for applications that block');
  }
  const startFolder = process.cwd();
  if (line.command.chdir !== undefined) changeFolder(line.command.chdir);
  // Before the config file too, which may read them.
  setEnvironment(line.command.env);
  const configFile = configPath(process.cwd(), line.command.config);
  const config = await loadConfigFile(process.cwd(), line.command.config);
  const command: CommandOptions = { ...config.command, ...line.command };
  if (line.command.chdir === undefined && command.chdir !== undefined) changeFolder(command.chdir);
  if (line.command.env === undefined) setEnvironment(command.env);

  const options = command.cgi
    ? cgiOptions(config.server, line.server)
    : withPort(layer(config.server, line.server));
  const appName = line.app ?? config.wsgiApp;
  const isPython = appName !== undefined && namesPython(appName, command, hasModule);
  if (command.printConfig) return print(listConfig(options, command, appName));
  if (command.checkConfig) {
    resolveOptions(options);
    if (appName !== undefined && isPython) await (await pythonApp(appName, options, command)).close();
    else if (appName !== undefined) await loadApp(appName);
    return 0;
  }
  if (command.cgi && isPython) {
    throw new UsageError(
      '--cgi is for applications in JavaScript: web servers run those in Python by themselves',
    );
  }
  if (command.cgi) return answerRequest(options, command, appName);

  if (command.umask !== undefined) process.umask(command.umask);
  // What is wrong with the options is said before the application's own code runs.
  const { threads, gracefulTimeout } = resolveOptions(options);
  if (threads > 0 && appName === undefined) {
    throw new UsageError('--threads needs an application: wsgi MODULE:CALLABLE --threads 8');
  }
  // It names the process that signals are for.
  if (command.pid !== undefined && !supervised) writePidFile(command.pid);
  if (command.reload && !supervised) {
    const { runReloading } = await import('./server/workers/reload.js');
    const script = fileURLToPath(import.meta.url);
    return runReloading({ script, argv, folder: startFolder }, process.cwd(), configFile);
  }
  const grace = supervised ? Math.min(gracefulTimeout, RELOAD_GRACE_S) : gracefulTimeout;
  if (isPython) return servePython(appName, { ...options, gracefulTimeout: grace }, command);
  const server = await start(appName, { ...options, gracefulTimeout: grace }, configFile);
  await reportReady();
  await server.serveForever();
  return 0;
}

async function start(
  appName: string | undefined,
  options: ServerOptions,
  configFile: string,
): Promise<Server> {
  // Only here: a process of CGI has no use for servers, and starts in half the time without.
  const { serve } = await import('./server/serve.js');
  const threaded = Boolean(options.threads);
  const { makeDemoApp } = await import('./app/demo-app.js');
  const app = appName === undefined || threaded ? makeDemoApp() : await loadApp(appName);
  // Threads load the application themselves.
  const config = existsSync(configFile) ? configFile : undefined;
  const entry = threaded && appName !== undefined ? { target: appName, config } : undefined;
  return serve(app, options, entry);
}

/** The threads are those of Python: the server itself runs on the event loop. */
async function servePython(
  target: string,
  { threads: _ofPython, ...options }: ServerOptions,
  command: CommandOptions,
): Promise<number> {
  const { serve } = await import('./server/serve.js');
  const app = await pythonApp(target, { threads: _ofPython, ...options }, command);
  // Python ends after the server: its `finally` blocks and what a script does then.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, ignore);
  try {
    const facts = await app.ready;
    const server = await serve(
      app,
      { ...options, ...addressOf(options, facts) },
      undefined,
      ` (${facts.summary})`,
    );
    await reportReady();
    await server.serveForever();
  } finally {
    await app.close();
  }
  return 0;
}

/** Loaded already. */
async function pythonApp(
  target: string,
  options: ServerOptions,
  { python, pythonpath }: CommandOptions,
): Promise<PythonApplication> {
  const { fromPython } = await import('./python/from-python.js');
  const { timeout, backlogRequests } = resolveOptions(options);
  const threads = options.threads || undefined;
  const app = fromPython(target, {
    python,
    pythonpath: foldersOf(pythonpath),
    threads,
    timeout,
    backlogRequests,
    onFile: isSupervised() ? reportFile : undefined,
  });
  await app.ready;
  return app;
}

async function answerRequest(
  options: CgiOptions,
  { umask, blocking }: CommandOptions,
  appName: string | undefined,
): Promise<number> {
  if (appName === undefined) throw new UsageError('--cgi needs an application: wsgi --cgi MODULE:CALLABLE');
  if (umask !== undefined) process.umask(umask);
  const { answerCgi } = await import('./server/cgi/run-cgi.js');
  const given = blocking ? ({ ...options, blocking: true } as const) : options;
  return answerCgi(() => loadApp(appName), given);
}

/** Later layers win. An address is one thing: a `bind` above replaces host and port below. */
function layer(below: ServerOptions, above: ServerOptions): ServerOptions {
  const { host, port, ...rest } = below;
  return above.bind === undefined ? { ...below, ...above } : { ...rest, ...above };
}

/** gunicorn's `$PORT`, where nothing else says where to listen. */
function withPort(options: ServerOptions): ServerOptions {
  const port = process.env['PORT'];
  const { bind, host } = options;
  if (!port || bind !== undefined || host !== undefined || options.port !== undefined) return options;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    throw new ConfigError(
      `The environment variable PORT must be a whole number from 0 to 65535, not ${inspect(port)}`,
    );
  }
  return { ...options, bind: `0.0.0.0:${port}` };
}

function changeFolder(folder: string): void {
  try {
    process.chdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`Cannot change to the folder ${folder} (--chdir): ${code}`);
  }
}

function setEnvironment(assignments: readonly string[] = []): void {
  for (const assignment of assignments) {
    const end = assignment.indexOf('=');
    process.env[assignment.slice(0, end)] = assignment.slice(end + 1);
  }
}

function listConfig(options: ServerOptions, command: CommandOptions, wsgiApp: string | undefined): string {
  const values: Record<string, unknown> = { ...resolveOptions(options), wsgiApp };
  for (const [name, option] of Object.entries(COMMAND_OPTIONS)) values[name] = option.default;
  Object.assign(values, command);
  for (const name of ['help', 'version', 'printConfig', 'checkConfig']) delete values[name];
  const names = Object.keys(values).sort();
  return names.map((name) => `${name} = ${inspect(values[name], { breakLength: Infinity })}\n`).join('');
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function print(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

/** One sentence for what the user did, and the stack of what code threw. Returns the exit code. */
function complain(error: unknown): number {
  if (!(error instanceof WsgiError)) {
    process.stderr.write(`wsgi: ${describeThrown(error)}\n`);
    return 1;
  }
  process.stderr.write(`wsgi: ${error.message}\n`);
  if (error instanceof UsageError) {
    process.stderr.write('Try wsgi --help\n');
    return 2;
  }
  if (error instanceof LoadError) process.stderr.write(`${describeLoadFailure(error.cause)}\n`);
  return 1;
}

takeLogSignal();
// Not awaited: an application that never finishes loading would let Node end with code 13, naming this file.
main(process.argv.slice(2))
  .catch(complain)
  .then((exitCode) => {
    // An application that was loaded may hold the process with timers and sockets of its own.
    // A server that lost its last thread has said 1.
    process.stdout.write('', () => process.exit(exitCode || process.exitCode));
  });
