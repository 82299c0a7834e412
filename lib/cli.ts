/** The command `wsgi`: reads the command line and the config file, loads the application, runs it. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { keepsCompiled } from './compile-cache.js';
import { ConfigError, WsgiError } from './errors.js';
import { describeThrown, logger, logLine } from './logger.js';
import { ownModule, packageVersion } from './own-files.js';
import { namesPython } from './python/command.js';
import { cgiOptions, checkCgiCommand, parseCommandLine } from './server/cli/command-line.js';
import { environmentLine, joinLines } from './server/cli/command-words.js';
import { configPath, loadConfigFile } from './server/cli/config-file.js';
import { UsageError } from './server/cli/flags.js';
import { describeLoadFailure, LoadError } from './server/cli/import-module.js';
import { LateApplication } from './server/cli/late-application.js';
import { hasModule, loadApp } from './server/cli/load-app.js';
import { writePidFile } from './server/cli/pid-file.js';
import { becomeOwner, findOwner, giveFiles, type Owner } from './server/cli/process-owner.js';
import { takeLogSignal } from './server/log/log-file.js';
import { shownChannels } from './server/options/channels-kind.js';
import type { CgiOptions } from './server/options/gateway-options.js';
import { COMMAND_OPTIONS, SERVER_OPTIONS } from './server/options/option-table.js';
import {
  type CommandOptions,
  type ResolvedOptions,
  resolveOptions,
  type ServerOptions,
} from './server/options/options.js';
import type { ServeOptions } from './server/serve.js';
import type { Server } from './server/server.js';
import { findServiceManager } from './server/service-manager.js';
import { inheritedSockets, withActivation } from './server/socket-activation.js';
import { RELOAD_GRACE_S } from './server/workers/child-report.js';
import { parent } from './server/workers/place.js';
import { joinSupervisor, reportReady } from './server/workers/supervised.js';

interface Tool {
  command(argv: readonly string[]): Promise<number>;
}

/** Commands beside that of the server, by their first word. */
const TOOLS = new Map<string | undefined, () => Promise<Tool>>([
  ['record', () => import('./porting/record/command.js')],
  ['compare', () => import('./porting/compare/command.js')],
]);

/** How the command says why it ends, once that is known. */
let logFormat: 'text' | 'json' = 'text';

/** Resolves to the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const tool = TOOLS.get(argv[0]);
  if (tool !== undefined) return (await tool()).command(argv.slice(1));
  if (parent !== undefined) (await import('./server/workers/worker.js')).joinParent(parent);
  // As it is before the config file says otherwise: workers read that by themselves.
  inheritedSockets();
  findServiceManager();
  const env = { ...process.env };
  const supervised = await joinSupervisor();
  const line = joinLines(environmentLine(), parseCommandLine(argv));
  if (line.command.help) return print((await import('./server/cli/command-help.js')).renderHelp());
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

  const appName = line.app ?? config.wsgiApp;
  const isPython = appName !== undefined && namesPython(appName, command, hasModule);
  const told = command.cgi
    ? cgiOptions(config.server, line.server)
    : withWorkers(withPort(withActivation(layer(config.server, line.server))));
  const python = isPython ? await import('./python/serve-command.js') : undefined;
  const options = python?.withPythonProcess(told) ?? told;
  const { args } = line;
  if (python === undefined && args.length > 0) {
    throw new UsageError(
      `Arguments after -- are for an application in Python, and ${appName} is not one: ${args.join(' ')}`,
    );
  }
  logFormat = options.logFormat ?? 'text';
  if (command.printConfig) return print(listConfig(options, command, appName));
  if (command.checkConfig) {
    const { channels } = resolveOptions(options);
    if (typeof channels === 'string') await (await import('./server/channels/redis-client.js')).loadRedis();
    if (appName === undefined) return 0;
    if (python === undefined) await loadApp(appName);
    else await (await python.loadPython({ target: appName, args }, options, command)).close();
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
  const resolved = resolveOptions(options);
  const { gracefulTimeout } = resolved;
  const owner = findOwner(command.user, command.group);
  const script = keepsCompiled() ? fileURLToPath(ownModule('bin')) : fileURLToPath(import.meta.url);
  const worker = { script, argv, folder: startFolder, env };
  // It names the process that signals are for.
  const isFirst = !supervised && parent === undefined;
  if (command.pid !== undefined && isFirst) writePidFile(command.pid);
  if (command.reload && isFirst) {
    if (resolved.descriptor !== undefined) {
      throw new UsageError(
        '--reload does not go with a socket that is inherited (fd://): the process that it starts has none',
      );
    }
    const { runReloading } = await import('./server/workers/reload.js');
    return runReloading({ ...worker, env: process.env }, process.cwd(), configFile);
  }
  const grace = supervised ? Math.min(gracefulTimeout, RELOAD_GRACE_S) : gracefulTimeout;
  const given = { ...options, gracefulTimeout: grace };
  if (python !== undefined && appName !== undefined) {
    if (owner !== undefined) {
      throw new UsageError('--user and --group do not go with Python: start the command as that user');
    }
    return python.servePython({ target: appName, args }, given, command);
  }
  const listened = owner === undefined ? undefined : () => changeOwner(owner, resolved, command.pid);
  const server = await start(appName, given, configFile, { command: worker, listened });
  await reportReady();
  await server.serveForever();
  return 0;
}

/** The demo, as threads load it. */
const DEMO = `${fileURLToPath(ownModule('index'))}:makeDemoApp()`;

async function start(
  appName: string | undefined,
  options: ServerOptions,
  configFile: string,
  how: ServeOptions,
): Promise<Server> {
  // Only here: a process of CGI has no use for servers, and starts in half the time without.
  const { serve } = await import('./server/serve.js');
  const threaded = Boolean(options.threads);
  const config = existsSync(configFile) ? configFile : undefined;
  // Threads load the application themselves, and so do workers.
  const entry = threaded ? { target: appName ?? DEMO, config } : undefined;
  const elsewhere = threaded || (options.workers !== undefined && parent === undefined);
  // Never called: this process has nothing to load it for.
  if (elsewhere) return serve(new LateApplication().call, options, { ...how, entry });
  if (appName === undefined) {
    const { makeDemoApp } = await import('./app/demo-app.js');
    return serve(makeDemoApp(), options, how);
  }
  const { listened } = how;
  if (listened === undefined) return serve(await loadApp(appName), options, how);
  // The application's code is not for root: it is loaded after that, and requests wait for it.
  const late = new LateApplication();
  const server = await serve(late.call, options, {
    ...how,
    listened: async () => {
      listened();
      late.load(await loadApp(appName));
    },
  });
  server.setApp(late.application ?? late.call);
  return server;
}

/** A parent of workers stays what it is: these change by themselves, and it gives them its files. */
function changeOwner(owner: Owner, options: ResolvedOptions, pid: string | undefined): void {
  const { accessLogfile, errorLogfile, socketPath, descriptor } = options;
  const logs = [accessLogfile, errorLogfile];
  // Workers too: each opens the logs before, and may have made them.
  giveFiles(logs, owner);
  if (parent === undefined) giveFiles([pid, descriptor === undefined ? socketPath : undefined], owner);
  if (parent !== undefined || options.workers === undefined) becomeOwner(owner);
  else process.on('SIGUSR1', () => giveLogs(logs, owner));
}

/** The parent has opened the logs again, after they were moved: new ones are its own, and workers are told next. */
function giveLogs(logs: readonly (string | undefined)[], owner: Owner): void {
  try {
    giveFiles(logs, owner);
  } catch (error) {
    logger.error((error as Error).message);
  }
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

/** As gunicorn: a default for `--workers`, set by platforms that know how much memory there is. */
function withWorkers(options: ServerOptions): ServerOptions {
  const count = process.env['WEB_CONCURRENCY'];
  if (!count || options.workers !== undefined) return options;
  const { kind } = SERVER_OPTIONS.workers;
  return { ...options, workers: kind.check(kind.parse(count), 'The environment variable WEB_CONCURRENCY') };
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
  values['channels'] = shownChannels(options.channels);
  for (const name of ['help', 'version', 'printConfig', 'checkConfig']) delete values[name];
  const names = Object.keys(values).sort();
  return names.map((name) => `${name} = ${inspect(values[name], { breakLength: Infinity })}\n`).join('');
}

function print(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

/** One sentence for what the user did, and the stack of what code threw. Returns the exit code. */
async function complain(error: unknown): Promise<number> {
  const text = describeFailure(error);
  if (parent !== undefined) return (await import('./server/workers/worker.js')).failToStart(parent, text);
  if (logFormat === 'json') {
    const known = error instanceof WsgiError;
    const cause = error instanceof LoadError ? describeLoadFailure(error.cause) : undefined;
    const entry = { level: 'CRITICAL', logger: 'wsgi', message: known ? error.message : 'The server ended' };
    process.stderr.write(logLine({ ...entry, stack: known ? cause : describeThrown(error) }, 'json'));
  } else process.stderr.write(`wsgi: ${text}\n`);
  return error instanceof UsageError ? 2 : 1;
}

function describeFailure(error: unknown): string {
  if (!(error instanceof WsgiError)) return describeThrown(error);
  if (error instanceof UsageError) {
    const tool = process.argv[2];
    return `${error.message}\nTry wsgi ${TOOLS.has(tool) ? `${tool} ` : ''}--help`;
  }
  return error instanceof LoadError ? `${error.message}\n${describeLoadFailure(error.cause)}` : error.message;
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
