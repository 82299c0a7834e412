/** A request body on its way to the thread that reads it. */
import type { RequestBody } from '../../http/request-body.js';
import { encodeError, TO_THREAD } from '../shared/messages.js';
import { inPieces } from '../shared/ring.js';
import type { PooledThread } from './pooled-thread.js';

export class RemoteBody {
  readonly #body: RequestBody;

  constructor(body: RequestBody) {
    this.#body = body;
  }

  /**
   * From the first read on, the body flows into the thread's ring, and waits when that is full. (A question and an
   * answer for each block would cost two more switches between threads.)
   * @param over says that the request is.
   */
  async pump(thread: PooledThread, id: number, over: () => boolean): Promise<void> {
    try {
      for (;;) {
        const chunk = await this.#body.pull();
        if (over()) return;
        if (chunk === null) {
          thread.post(TO_THREAD.bodyEnd, 0, id, '');
          return;
        }
        inPieces(chunk, (piece) => thread.post(TO_THREAD.body, 0, id, '', piece));
        await thread.room();
      }
    } catch (error) {
      if (!over()) thread.post(TO_THREAD.error, 0, id, '', encodeError(error));
    }
  }
}
