/** A thread for the candidate alone: it may block, hang, exit or run out of memory, and nobody who is served notices. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  isMainThread,
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from 'node:worker_threads';
import { logger } from '../../logger.js';
import { ownModule } from '../../own-files.js';
import { loadable } from '../../server/threads/io/start-worker.js';
import { ASIDE_KIND } from '../../server/threads/shared/thread-data.js';
import { Ignore } from '../diff/ignore.js';
import { failed } from './candidate-call.js';
import type { AsideData, AsideReport, CandidateSource, Compared, Job, Runner } from './candidate-source.js';
import type { AnswerCopy } from './captured-answer.js';
import { compareCopies } from './compare-copies.js';

const SCRIPT = ownModule('porting/mirror/candidate-worker');

/** In which it must have loaded the candidate. */
const LOADING_MS = 60_000;
/** Before a thread is started in place of one that ended; doubled each time that the next one ends as well. */
const RESTART_MS = 100;
const LONGEST_RESTART_MS = 10_000;

export interface ThreadSettings {
  readonly source: CandidateSource;
  readonly limit: number;
  readonly timeoutMs: number;
  readonly ignore: readonly string[];
}

export class CandidateThread implements Runner {
  readonly #settings: ThreadSettings;
  #started: Started | undefined;
  /** Threads that ended one after the other. */
  #ended = 0;
  #broken = false;

  constructor(settings: ThreadSettings) {
    this.#settings = settings;
  }

  /** One: what ends the thread is then known to have come from it. */
  get room(): number {
    return this.#broken ? 0 : 1;
  }

  start(job: Job): { compared: Promise<Compared>; left: Promise<void> } {
    const compared = this.#run(job);
    return { compared, left: compared.then(() => {}) };
  }

  async #run(job: Job): Promise<Compared> {
    let why: string;
    try {
      if (this.#started === undefined && this.#ended > 0) await this.#pause();
      this.#started ??= await Started.load(this.#settings);
      const report = await this.#started.ask(job, this.#settings.timeoutMs);
      if (typeof report !== 'string') {
        this.#ended = 0;
        return report;
      }
      why = report;
    } catch (error) {
      this.#broken = true;
      why = error instanceof Error ? error.message : String(error);
      logger.error(`mirror() makes no more copies of requests: its candidate cannot be loaded: ${why}`);
    }
    this.#started = undefined;
    this.#ended++;
    return this.#failed(job, failed(why));
  }

  async #failed({ original, asked }: Job, candidate: AnswerCopy): Promise<Compared> {
    const ignore = Ignore.parse(this.#settings.ignore);
    return { candidate, differences: await compareCopies(original, candidate, asked, ignore) };
  }

  async #pause(): Promise<void> {
    await delay(Math.min(LONGEST_RESTART_MS, RESTART_MS * 2 ** (this.#ended - 1)), undefined, {
      ref: !isMainThread,
    });
  }
}

/** A thread that has the candidate. */
class Started {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  /** Takes what the thread reports, or why it ended. */
  #take: (report: AsideReport | string) => void = () => {};

  private constructor({ source, limit, ignore }: ThreadSettings) {
    const { port1, port2 } = new MessageChannel();
    const workerData: AsideData = {
      kind: ASIDE_KIND,
      port: port2,
      source,
      limit,
      ignore,
      logLevel: logger.level,
    };
    this.#worker = new Worker(loadable(fileURLToPath(SCRIPT)), {
      workerData,
      transferList: [port2],
      argv: process.argv.slice(2),
    });
    this.#port = port1;
    let thrown: string | undefined;
    this.#worker.on('error', (error) => {
      thrown = `it ended its thread: it threw ${error instanceof Error ? `${error.name}: ${error.message}` : error}`;
    });
    this.#worker.on('exit', (code) => {
      // What it said before may not have been read yet.
      const last = receiveMessageOnPort(port1) as { readonly message: AsideReport } | undefined;
      port1.close();
      this.#take(last?.message ?? thrown ?? `it ended its thread with process.exit(${code})`);
    });
    port1.on('message', (report: AsideReport) => this.#take(report));
    this.#rest();
  }

  /** @throws Error if the candidate cannot be loaded. */
  static async load(settings: ThreadSettings): Promise<Started> {
    const started = new Started(settings);
    const report = await started.#report(LOADING_MS, () => {});
    if (typeof report !== 'string' && 'ready' in report) return started;
    await started.#end();
    throw new Error(
      typeof report !== 'string' && 'failed' in report ? report.failed : `while it was loaded, ${report}`,
    );
  }

  /** @returns why the thread, which has ended then, gave no answer. */
  async ask(job: Job, timeoutMs: number): Promise<Compared | string> {
    const report = await this.#report(timeoutMs, () => this.#port.postMessage(job));
    if (typeof report !== 'string' && 'candidate' in report) return report;
    await this.#end();
    return typeof report === 'string' ? report : 'its thread gave no answer';
  }

  async #report(timeoutMs: number, begin: () => void): Promise<AsideReport | string> {
    // A thread for handlers sleeps deeply where nothing is under way: then no report would wake it.
    if (!isMainThread) this.#port.ref();
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<AsideReport | string>((resolve) => {
        this.#take = resolve;
        timer = setTimeout(() => resolve(`timed out after ${timeoutMs / 1000} s`), timeoutMs);
        if (isMainThread) timer.unref();
        begin();
      });
    } finally {
      clearTimeout(timer);
      this.#rest();
    }
  }

  /** Neither the thread nor its port keeps the process alive. */
  #rest(): void {
    this.#worker.unref();
    this.#port.unref();
  }

  async #end(): Promise<void> {
    await this.#worker.terminate();
  }
}
