/** What gunicorn has and this server does not is named, with what to write. */
import { expect } from 'chai';
import { parseCommandLine } from '../../../lib/server/cli/command-line.js';
import { UsageError } from '../../../lib/server/cli/flags.js';
import { insteadOf } from '../../../lib/server/options/unknown-option.js';

/** Flags of gunicorn 27 (gunicorn/config.py) that have no meaning here, or another name. */
const FLAGS =
  `-k --worker-class --reload-engine --reload-extra-file --spew --preload --no-sendfile -D --daemon
  --worker-tmp-dir --initgroups --disable-redirect-access-to-syslog --capture-output --logger-class --log-config
  --log-config-json --log-syslog-to --log-syslog --log-syslog-prefix --log-syslog-facility -R
  --enable-stdio-inheritance --statsd-host --dogstatsd-tags --statsd-prefix --enable-backlog-metric -n --name
  --paste --paster --protocol --uwsgi-allow-from --ssl-version --suppress-ragged-eofs --do-handshake-on-connect --ciphers
  --http-protocols --http2-cleartext --http2-max-concurrent-streams --http2-initial-window-size --http2-max-frame-size
  --http2-max-header-list-size --paste-global --permit-obsolete-folding --strip-header-spaces
  --permit-unconventional-http-method --permit-unconventional-http-version --casefold-http-method --forwarder-headers
  --header-map --asgi-loop --asgi-lifespan --asgi-disconnect-grace-period --websocket-max-message-size --http-parser --root-path
  --dirty-app --dirty-workers --dirty-timeout --dirty-threads --dirty-graceful-timeout --control-socket --control-socket-mode
  --no-control-socket`.split(/\s+/);

/** Names of its config file that are not those of a flag. */
const SETTINGS =
  `preload_app sendfile tmp_upload_dir secure_scheme_headers logconfig logconfig_dict logconfig_json syslog_addr
  syslog syslog_prefix syslog_facility proc_name default_proc_name reload_extra_files on_starting on_reload when_ready pre_fork
  post_fork post_worker_init worker_int worker_abort pre_exec pre_request post_request child_exit worker_exit nworkers_changed
  on_exit ssl_context uwsgi_allow_ips raw_paste_global_conf dirty_apps control_socket_disable`.split(/\s+/);

describe("gunicorn's options that have no meaning here", () => {
  for (const flag of FLAGS) {
    it(`are named, with what to do: ${flag}`, () => {
      expect(() => parseCommandLine([flag, 'x'])).to.throw(UsageError, /^There is no option \S+: \S+ .{8,}/);
    });
  }

  for (const name of SETTINGS) {
    it(`are named in a config file as well: ${name}`, () => {
      expect(insteadOf(name)).to.match(/^: \S+ .{8,}/);
    });
  }
});
