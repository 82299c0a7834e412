/** Every option, once: name, check, default, flag and sentence. The command line, --help, docs and run() read it. */
import { isIP } from 'node:net';
import { COMBINED } from '../log/access-format.js';
import { channels } from './channels-kind.js';
import * as kinds from './option-kinds.js';
import { option } from './option-kinds.js';
import { WEBSOCKET_OPTIONS } from './websocket-options.js';

const LOG_LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const SERVER_OPTIONS = {
  host: option(kinds.host, '127.0.0.1', {
    group: 'Server socket',
    doc: "The address to listen on: a host name, an IPv4 or IPv6 address, or '' for all interfaces.",
  }),
  port: option(kinds.port, 8080, {
    group: 'Server socket',
    doc: 'The port to listen on; 0 takes a free one.',
  }),
  bind: option(kinds.bind, undefined, {
    flags: ['-b', '--bind'],
    group: 'Server socket',
    doc: 'Host and port in one: HOST, HOST:PORT, [IPV6]:PORT, :PORT for all interfaces, unix:PATH for a Unix socket, or fd://N for a socket that the process inherits as descriptor N.',
  }),
  backlog: option(kinds.wholeNumber(1, 65535), 2048, {
    flags: ['--backlog'],
    group: 'Server socket',
    doc: 'How many connections may wait to be accepted.',
  }),
  reusePort: option(kinds.flag, false, {
    flags: ['--reuse-port'],
    group: 'Server socket',
    doc: 'Several processes may listen at the same address and port, and the system shares out connections (SO_REUSEPORT); Node 22.12, 23.1 or newer.',
  }),
  proxyProtocol: option(kinds.proxyProtocol, 'off', {
    flags: ['--proxy-protocol'],
    group: 'Server socket',
    doc: 'Connections of trusted proxies begin with a header of the PROXY protocol, which names the client: v1, v2, auto (either), or off; without a value, auto.',
  }),
  proxyAllowFrom: option(kinds.addresses, ['127.0.0.1', '::1'], {
    flags: ['--proxy-allow-from'],
    group: 'Server socket',
    gunicorn: 'proxy_allow_ips',
    doc: 'With --proxy-protocol: the proxies that may send its header, separated by commas: IP addresses, CIDR ranges, or * for all; on a Unix socket everyone may.',
  }),
  workers: option(kinds.workers, undefined, {
    flags: ['-w', '--workers'],
    group: 'Workers',
    doc: 'How many processes serve, each with the application and its own event loop or threads, below a parent that holds the address; auto is one per CPU; not given, one process serves and there is no parent.',
  }),
  maxRequests: option(kinds.wholeNumber(0, Number.MAX_SAFE_INTEGER), 0, {
    flags: ['--max-requests'],
    group: 'Workers',
    doc: 'With workers: how many requests a worker serves before another one takes its place; 0 is no limit.',
  }),
  maxRequestsJitter: option(kinds.wholeNumber(0, 2 ** 32), 0, {
    flags: ['--max-requests-jitter'],
    group: 'Workers',
    doc: 'The most by which --max-requests is raised, at random for each worker, so that they do not all leave at once.',
  }),
  threads: option(kinds.wholeNumber(0, 1024), 0, {
    flags: ['--threads'],
    group: 'Threads',
    doc: 'How many worker threads run the application, which may block there as in Python; 0 is the event loop.',
  }),
  workerConnections: option(kinds.wholeNumber(1, 65_536), 1, {
    flags: ['--worker-connections'],
    group: 'Threads',
    doc: 'With Python in Pyodide, on Node 25 or newer: how many handlers and WebSockets each thread may have at a time; while one of them waits, others run.',
  }),
  backlogRequests: option(kinds.wholeNumber(0, 1_000_000), 1000, {
    flags: ['--backlog-requests'],
    group: 'Threads',
    doc: 'With threads: how many requests may wait while all of them are busy, else 503.',
  }),
  responseBuffer: option(kinds.bytes(), 64 * 1024 * 1024, {
    flags: ['--response-buffer'],
    group: 'Threads',
    doc: 'With threads: the most bytes of responses, in all, that may wait for slow clients while their threads go on to other requests; beyond it a thread stays with its client.',
  }),
  timeout: option(kinds.seconds, 30, {
    flags: ['-t', '--timeout'],
    group: 'Timeouts',
    doc: 'Seconds without a byte in or out after which a request is ended (with its thread, if it runs in one), WebSockets excepted; with workers also the seconds after which one whose event loop is blocked is killed; 0 is never.',
  }),
  minRate: option(kinds.bytes(), 5000, {
    flags: ['--min-rate'],
    group: 'Timeouts',
    doc: 'Bytes a second that a client has to read, on average, of what waits to be sent to it, WebSocket messages included; --timeout begins when it reads more slowly; 0 is no minimum.',
  }),
  gracefulTimeout: option(kinds.seconds, 30, {
    flags: ['--graceful-timeout'],
    group: 'Timeouts',
    doc: 'Seconds that requests and WebSocket handlers may go on after a stop; what still runs then is ended, and logged.',
  }),
  keepAlive: option(kinds.seconds, 5, {
    flags: ['--keep-alive'],
    group: 'Timeouts',
    gunicorn: 'keepalive',
    doc: 'Seconds that an idle connection waits for its next request, or up to a quarter longer; 0 closes it after each response.',
  }),
  headersTimeout: option(kinds.secondsUpTo(3600), 60, {
    flags: ['--headers-timeout'],
    group: 'Timeouts',
    doc: "Seconds in which a request's headers must arrive, 3600 at most; 0 is no limit.",
  }),
  requestTimeout: option(kinds.secondsUpTo(21_600), 300, {
    flags: ['--request-timeout'],
    group: 'Timeouts',
    doc: 'Seconds in which a whole request, body included, must arrive, 21600 at most; 0 is no limit.',
  }),
  limitRequestLine: option(kinds.bytes(), 16_384, {
    flags: ['--limit-request-line'],
    group: 'Limits',
    doc: 'The most bytes in a request line, else 414; 0 lets --limit-request-head decide.',
  }),
  limitRequestFields: option(kinds.wholeNumber(0, 32_768), 100, {
    flags: ['--limit-request-fields'],
    group: 'Limits',
    doc: 'The most header fields in a request, else 431; 0 lets --limit-request-head decide.',
  }),
  limitRequestFieldSize: option(kinds.bytes(), 65_536, {
    flags: ['--limit-request-field_size', '--limit-request-field-size'],
    group: 'Limits',
    doc: 'The most bytes in one header field, else 431; 0 lets --limit-request-head decide.',
  }),
  limitRequestHead: option(kinds.bytes(1), 65_536, {
    flags: ['--limit-request-head'],
    group: 'Limits',
    doc: 'The most bytes in the request line and all header fields together, else 431.',
  }),
  limitRequestBody: option(kinds.bytes(), 0, {
    flags: ['--limit-request-body'],
    group: 'Limits',
    doc: 'The most bytes in a request body, else 413; 0 is no limit.',
  }),
  accessLogfile: option(kinds.path(), undefined, {
    flags: ['--access-logfile'],
    group: 'Logging',
    gunicorn: 'accesslog',
    doc: 'A file that gets one line per request, in the Combined Log Format if --access-logformat does not say otherwise; - is standard output.',
  }),
  accessLogformat: option(kinds.logFormat, COMBINED, {
    flags: ['--access-logformat'],
    group: 'Logging',
    gunicorn: 'access_log_format',
    doc: 'What a line of the access log says, with the atoms of gunicorn, such as %(r)s (docs/logging.md).',
  }),
  errorLogfile: option(kinds.path(), '-', {
    flags: ['--error-logfile', '--log-file'],
    group: 'Logging',
    gunicorn: 'errorlog',
    doc: 'A file for log messages and wsgi.errors; - is standard error.',
  }),
  logLevel: option(kinds.oneOf('LEVEL', LOG_LEVELS), 'info', {
    flags: ['--log-level'],
    group: 'Logging',
    gunicorn: 'loglevel',
    doc: 'The least severe messages that are logged: debug (error pages then show tracebacks), info, warning, error or critical.',
  }),
  logFormat: option(kinds.oneOf('FORMAT', ['text', 'json']), 'text', {
    flags: ['--log-format'],
    group: 'Logging',
    doc: 'How both logs are written: text, or json, which is one object a line (docs/logging.md).',
  }),
  statusPath: option(kinds.text('PATH', 'a path such as /-/status', isStatusPath), undefined, {
    flags: ['--status-path'],
    group: 'Status',
    doc: 'The path under which the server answers with its status, as JSON or for Prometheus; none when not given.',
  }),
  statusAllowIps: option(kinds.addresses, ['127.0.0.1', '::1'], {
    flags: ['--status-allow-ips'],
    group: 'Status',
    doc: 'Who may read the status, separated by commas: IP addresses, CIDR ranges, or * for everybody.',
  }),
  certfile: option(kinds.path(), undefined, {
    flags: ['--certfile'],
    group: 'TLS',
    doc: 'The certificate, a PEM file; with --keyfile it turns https on.',
  }),
  keyfile: option(kinds.path(), undefined, {
    flags: ['--keyfile'],
    group: 'TLS',
    doc: 'The private key of the certificate, a PEM file.',
  }),
  certReqs: option(kinds.certReqs, 'none', {
    flags: ['--cert-reqs'],
    group: 'TLS',
    doc: 'Whether clients have to show a certificate: none (or 0) asks for none, optional (1) checks one that is sent, required (2) refuses clients without; environ has it as SSL_CLIENT_*.',
  }),
  caCerts: option(kinds.path(), undefined, {
    flags: ['--ca-certs'],
    group: 'TLS',
    doc: 'The authorities that sign the certificates of clients, a PEM file; with --cert-reqs.',
  }),
  ident: option(
    kinds.text('TEXT', 'printable ASCII', (value) => /^[ -~]*$/.test(value)),
    'wsgi',
    {
      flags: ['--ident'],
      group: 'Environ',
      doc: "The value of the Server header; '' sends none.",
    },
  ),
  scriptName: option(
    kinds.text('PATH', "'' or a path that starts with / and does not end with it", isMount),
    '',
    {
      flags: ['--script-name'],
      group: 'Environ',
      doc: 'Where the application is mounted: SCRIPT_NAME.',
    },
  ),
  serverName: option(kinds.text('NAME', 'a host name or an IP address', isServerName), undefined, {
    flags: ['--server-name'],
    group: 'Environ',
    doc: 'SERVER_NAME, when it should not be the address that the server listens on.',
  }),
  forwardedAllowIps: option(kinds.addresses, undefined, {
    flags: ['--forwarded-allow-ips'],
    group: 'Environ',
    doc: 'The proxies whose X-Forwarded-* headers are trusted, separated by commas: IP addresses, CIDR ranges, or * for all; none when not given.',
  }),
  environ: option(kinds.keys, undefined, {
    group: 'Environ',
    doc: 'An object whose keys are added to every environ.',
  }),
  ...WEBSOCKET_OPTIONS,
  channels: option(channels, undefined, {
    flags: ['--channels'],
    group: 'Topics',
    doc: 'What carries topics between servers: the URL of a Redis, such as redis://HOST:6379; a config file may also give a function (docs/channels.md); none when not given.',
  }),
};

/** What only the command knows: it acts on these before and around run(). */
export const COMMAND_OPTIONS = {
  python: option(
    kinds.text('PYTHON', 'pyodide, or the name or path of a Python', (value) => value !== ''),
    undefined,
    {
      flags: ['--python'],
      group: 'Python',
      inConfigFile: true,
      doc: 'What runs an application in Python: the name or path of a CPython, or pyodide; when not given, a virtual environment (VIRTUAL_ENV, .venv, venv), else pyodide if it is installed, else python3.',
    },
  ),
  pythonpath: option(
    kinds.text('FOLDERS', 'folders, separated by commas', (value) => value !== ''),
    undefined,
    {
      flags: ['--pythonpath'],
      group: 'Python',
      inConfigFile: true,
      doc: 'Folders, separated by commas, in which Python looks for modules first.',
    },
  ),
  config: option(kinds.path(), undefined, {
    flags: ['-c', '--config'],
    group: 'Command',
    doc: 'The config file, whose exports are options by name; ./wsgi.config.mjs when there is one.',
  }),
  chdir: option(kinds.path('FOLDER'), undefined, {
    flags: ['--chdir'],
    group: 'Command',
    inConfigFile: true,
    doc: 'The folder to change to before anything else.',
  }),
  env: option(kinds.assignments, undefined, {
    flags: ['-e', '--env'],
    group: 'Command',
    gunicorn: 'raw_env',
    inConfigFile: true,
    doc: 'An environment variable to set before the application loads; may be given more than once.',
  }),
  umask: option(kinds.umask, undefined, {
    flags: ['-m', '--umask'],
    group: 'Command',
    inConfigFile: true,
    doc: 'The file mode mask, in octal, that files and sockets are created under.',
  }),
  pid: option(kinds.path(), undefined, {
    flags: ['-p', '--pid'],
    group: 'Command',
    gunicorn: 'pidfile',
    inConfigFile: true,
    doc: 'A file that holds the process id while the server runs.',
  }),
  user: option(kinds.owner('USER'), undefined, {
    flags: ['-u', '--user'],
    group: 'Command',
    inConfigFile: true,
    doc: 'The user, by name or number, that the process becomes once it listens and before it loads the application; it has to be started by root.',
  }),
  group: option(kinds.owner('GROUP'), undefined, {
    flags: ['-g', '--group'],
    group: 'Command',
    inConfigFile: true,
    doc: "The group, by name or number, that the process becomes; the user's own when not given.",
  }),
  cgi: option(kinds.flag, false, {
    flags: ['--cgi'],
    group: 'Command',
    doc: 'Answers the one request of a CGI process, which a web server starts, and exits.',
  }),
  blocking: option(kinds.flag, false, {
    flags: ['--blocking'],
    group: 'Command',
    doc: 'With --cgi: the application blocks, as in Python, and reads its input without await.',
  }),
  reload: option(kinds.flag, false, {
    flags: ['--reload'],
    group: 'Command',
    inConfigFile: true,
    doc: 'Starts again whenever a file that the server has loaded changes; for development.',
  }),
  checkConfig: option(kinds.flag, false, {
    flags: ['--check-config'],
    group: 'Command',
    doc: 'Loads the config and the application, says what is wrong, and exits.',
  }),
  printConfig: option(kinds.flag, false, {
    flags: ['--print-config'],
    group: 'Command',
    doc: 'Prints every option as it would be used, and exits.',
  }),
  version: option(kinds.flag, false, {
    flags: ['-v', '--version'],
    group: 'Command',
    doc: 'Prints the version and exits.',
  }),
  help: option(kinds.flag, false, {
    flags: ['-h', '--help'],
    group: 'Command',
    doc: 'Prints this text and exits.',
  }),
};

function isMount(value: string): boolean {
  return value === '' || /^\/(?:[^\0-\x1f\x7f]*[^\0-\x1f\x7f/])$/.test(value);
}

/** As it is sent, so only what a path may hold (RFC 3986 section 3.3); `/` alone would hide a site. */
function isStatusPath(value: string): boolean {
  return /^\/(?:[\w\-.~!$&'()*+,;=:@/]|%[\da-f]{2})+$/i.test(value);
}
function isServerName(value: string): boolean {
  return isIP(value) !== 0 || /^[\w.-]+$/.test(value);
}
