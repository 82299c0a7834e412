/** A FileWrapper that the application returned: it stays itself, so that the server can send the file its own way. */
import type { FileWrapper } from '../environ/file/file-wrapper.js';
import { andThen } from '../environ/maybe-promise.js';
import type { Exchange, Lifetime } from './exchange.js';
import { checkChildrenClosed } from './middleware.js';
import { fail } from './violation.js';

/** Watches `close()`; nothing else, for the server need not iterate. */
export function watchFile(file: FileWrapper, exchange: Exchange): void {
  // The server sends the head before it reads the file, which calls nothing of the application.
  if (!exchange.accepted) fail('body-before-start-response', 'a file was returned before');
  const { close } = file;
  if (close === undefined) return;
  const life: Lifetime = { closed: false, request: exchange.request };
  exchange.body = life;
  (file as { close: () => unknown }).close = () => {
    if (life.closed) fail('closed-twice', `that of a ${life.request} was closed again`);
    life.closed = true;
    const result = close.call(file);
    const late = checkChildrenClosed(exchange, [result]);
    return late === undefined ? result : andThen(result, () => late);
  };
}
