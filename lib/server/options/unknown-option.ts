/** What to say of an option that is not known: which one was meant, or what to write for one that other servers have. */
import { didYouMean } from '../../option-names.js';

/** Why an option is refused. @param place what has it: a file, for example. */
export function unknownOption(name: string, known: Iterable<string>, place?: string): string {
  const start = place === undefined ? 'There' : `${place}: there`;
  return `${start} is no option ${name}${insteadOf(name) || didYouMean(name, known)}`;
}

const CLASS = 'handlers run on the event loop, or in threads with --threads N';
const SYSTEM = 'let the service manager do that (docs/deploying.md)';
const LOADED = 'each worker loads the application by itself, so that a reload gets what is new: leave it out';
const PYTHON = 'that is about Python: leave it out';
const SYSLOG = 'write to standard error, which journald and syslog collect, or to a file (--error-logfile)';
const METRICS = '--status-path serves figures in the format of Prometheus';
const LOGGING = '--log-format json, --access-logformat and --log-level say what is logged';
const HOOK =
  'code at the top of the application or of the config file runs when each process starts: move it there';
const TLS =
  "Node decides, see its options --tls-min-v1.3 and --tls-cipher-list: NODE_OPTIONS='--tls-min-v1.3'";
const PARSER = 'the parser is as strict as HTTP/1.1 asks, and cannot be loosened: leave it out';
const HTTP2 = 'a proxy in front speaks HTTP/2 with clients (docs/deploying.md)';
const ASGI = 'handlers may be async here, without another protocol: leave it out';
const DIRTY = 'long work goes into threads, --threads N, or into a process of its own';
const CONTROL = 'signals control the server (docs/deploying.md), and --status-path shows it';
const UWSGI = 'the server speaks HTTP only: use proxy_pass in nginx in place of uwsgi_pass';

/** What servers of WSGI for Python have and this one does not: gunicorn's flags and names of its config file. */
const INSTEAD: Readonly<Record<string, string>> = {
  '-k': CLASS,
  '--worker-class': CLASS,
  '--processes': 'write --workers N',
  '--host': 'write --bind HOST:PORT',
  '--port': 'write --bind 127.0.0.1:PORT, or --bind :PORT for all interfaces',
  '--listen': 'write --bind HOST:PORT',
  '--uds': 'write --bind unix:PATH',
  '--unix-socket': 'write --bind unix:PATH',
  '--fd': 'write --bind fd://N',
  '--worker-tmp-dir': 'workers report to their parent without files: leave it out',
  '--tmp-upload-dir': 'parseForm has the option uploadDir, and TMPDIR says where by default',
  '--preload': LOADED,
  '--preload-app': LOADED,
  '-D': SYSTEM,
  '--daemon': SYSTEM,
  '-n': SYSTEM,
  '--name': SYSTEM,
  '--proc-name': SYSTEM,
  '--default-proc-name': SYSTEM,
  '--initgroups': 'the supplementary groups of --user are always set: leave it out',
  '--reload-engine': '--reload asks for the state of files, on every system: leave it out',
  '--reload-extra-file': '--reload watches all that is loaded: import the file in the config file',
  '--reload-extra-files': '--reload watches all that is loaded: import the file in the config file',
  '--spew': 'the debugger shows what runs: node inspect',
  '--sendfile': 'files are read in blocks, which is as fast here: leave it out',
  '--no-sendfile': 'files are read in blocks, which is as fast here: leave it out',
  '--secure-scheme-headers': '--forwarded-allow-ips names the proxies whose X-Forwarded-Proto is trusted',
  '--forwarder-headers': 'a header with an underscore in its name never reaches environ: leave it out',
  '--header-map': 'a header with an underscore in its name is always dropped: leave it out',
  '--disable-redirect-access-to-syslog': SYSLOG,
  '--log-syslog': SYSLOG,
  '--log-syslog-to': SYSLOG,
  '--log-syslog-prefix': SYSLOG,
  '--log-syslog-facility': SYSLOG,
  '--syslog': SYSLOG,
  '--syslog-addr': SYSLOG,
  '--syslog-prefix': SYSLOG,
  '--syslog-facility': SYSLOG,
  '--capture-output':
    "console.log and console.error go to the standard streams: redirect those, '>>app.log 2>&1'",
  '-R': PYTHON,
  '--enable-stdio-inheritance': PYTHON,
  '--logger-class': LOGGING,
  '--log-config': LOGGING,
  '--logconfig': LOGGING,
  '--logconfig-dict': LOGGING,
  '--log-config-json': LOGGING,
  '--logconfig-json': LOGGING,
  '--statsd-host': METRICS,
  '--statsd-prefix': METRICS,
  '--dogstatsd-tags': METRICS,
  '--enable-backlog-metric': METRICS,
  '--paste': 'name the application itself: MODULE:CALLABLE or MODULE:FACTORY("argument")',
  '--paster': 'name the application itself: MODULE:CALLABLE or MODULE:FACTORY("argument")',
  '--paste-global': 'give the values to a factory, MODULE:FACTORY("value"), or set them with --env',
  '--raw-paste-global-conf': 'give the values to a factory, MODULE:FACTORY("value"), or set them with --env',
  '--ssl-version': TLS,
  '--ciphers': TLS,
  '--ssl-context': TLS,
  '--suppress-ragged-eofs': PYTHON,
  '--do-handshake-on-connect': 'a handshake never holds up another connection here: leave it out',
  '--protocol': UWSGI,
  '--uwsgi-allow-from': UWSGI,
  '--uwsgi-allow-ips': UWSGI,
  '--http-protocols': HTTP2,
  '--http2-cleartext': HTTP2,
  '--http2-max-concurrent-streams': HTTP2,
  '--http2-initial-window-size': HTTP2,
  '--http2-max-frame-size': HTTP2,
  '--http2-max-header-list-size': HTTP2,
  '--permit-obsolete-folding': PARSER,
  '--strip-header-spaces': PARSER,
  '--permit-unconventional-http-method': PARSER,
  '--permit-unconventional-http-version': PARSER,
  '--casefold-http-method': PARSER,
  '--http-parser': PARSER,
  '--asgi-loop': ASGI,
  '--asgi-lifespan': ASGI,
  '--asgi-disconnect-grace-period': ASGI,
  '--websocket-max-message-size': 'write --websocket-max-message',
  '--root-path': 'write --script-name',
  '--dirty-app': DIRTY,
  '--dirty-apps': DIRTY,
  '--dirty-workers': DIRTY,
  '--dirty-timeout': DIRTY,
  '--dirty-threads': DIRTY,
  '--dirty-graceful-timeout': DIRTY,
  '--control-socket': CONTROL,
  '--control-socket-mode': CONTROL,
  '--no-control-socket': CONTROL,
  '--control-socket-disable': CONTROL,
};

/** The functions that gunicorn's config file may have. */
const HOOKS = new Set(
  (
    'on_starting on_reload when_ready pre_fork post_fork post_worker_init worker_int worker_abort pre_exec pre_request ' +
    'post_request child_exit worker_exit nworkers_changed on_exit on_dirty_starting dirty_post_fork dirty_worker_init ' +
    'dirty_worker_exit'
  ).split(' '),
);

/** The end of a sentence about an option that is not known: `: handlers run on the event loop. …`, or nothing. */
export function insteadOf(name: string): string {
  if (HOOKS.has(name)) return `: ${HOOK}`;
  const flag = name.startsWith('-') ? name : `--${name.replaceAll('_', '-')}`;
  const text = Object.hasOwn(INSTEAD, flag) ? INSTEAD[flag] : undefined;
  return text === undefined ? '' : `: ${text}`;
}
