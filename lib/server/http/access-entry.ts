/** What the access log says of one exchange. */
import { type AccessEntry, basicUser } from '../log/access-log.js';
import type { HttpSink } from './http-sink.js';

/** nginx's status in its log for a request whose client left before it was answered. */
const CLIENT_LEFT = 499;

export function accessEntry({
  connection,
  clientAddr,
  message,
  status,
  bodyBytes,
  time,
}: HttpSink): AccessEntry {
  const { method, url, httpVersion, headers } = message;
  return {
    remoteAddr: clientAddr ?? connection.remoteAddr,
    user: basicUser(headers.authorization),
    time: new Date(time),
    requestLine: `${method} ${url} HTTP/${httpVersion}`,
    status: status || CLIENT_LEFT,
    bytes: bodyBytes,
    referer: headers.referer,
    userAgent: headers['user-agent'],
  };
}
