/** What a server counts of its requests: plain numbers, with nothing made for a request. Without a status there are none. */

/** Upper bounds of the latency histogram, in seconds; slower ones are in the last place. */
export const LATENCY_BOUNDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;

const NO_STATUS = 0;
const SWITCHING_PROTOCOLS = 101;

export class Counters {
  get = 0;
  head = 0;
  post = 0;
  put = 0;
  patch = 0;
  delete = 0;
  options = 0;
  otherMethod = 0;
  unanswered = 0;
  refused = 0;
  informational = 0;
  successful = 0;
  redirects = 0;
  clientErrors = 0;
  serverErrors = 0;
  webSockets = 0;
  /** Milliseconds. */
  latencySum = 0;
  /** How many requests ended below each bound and above the one before it, and the slower ones. */
  readonly latencies = new Float64Array(LATENCY_BOUNDS.length + 1);

  /**
   * A request is over for its client.
   * @param status 0: the client left before there was one. @param began by `performance.now()`.
   */
  ended(method: string | undefined, status: number, began: number): void {
    // It was counted when it opened.
    if (status === SWITCHING_PROTOCOLS) return;
    this.#request(method);
    if (status === NO_STATUS) this.unanswered++;
    else if (status < 300) this.successful++;
    else if (status < 400) this.redirects++;
    else if (status < 500) this.clientErrors++;
    else this.serverErrors++;
    const milliseconds = performance.now() - began;
    this.latencySum += milliseconds;
    const seconds = milliseconds / 1000;
    let place = 0;
    while (seconds > (LATENCY_BOUNDS[place] ?? Infinity)) place++;
    this.latencies[place] = (this.latencies[place] ?? 0) + 1;
  }

  webSocketOpened(): void {
    this.webSockets++;
    this.get++;
    this.informational++;
  }

  #request(method: string | undefined): void {
    switch (method) {
      case 'GET':
        this.get++;
        break;
      case 'POST':
        this.post++;
        break;
      case 'HEAD':
        this.head++;
        break;
      case 'PUT':
        this.put++;
        break;
      case 'PATCH':
        this.patch++;
        break;
      case 'DELETE':
        this.delete++;
        break;
      case 'OPTIONS':
        this.options++;
        break;
      default:
        this.otherMethod++;
    }
  }
}
