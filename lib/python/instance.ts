/** One Python with its lanes, as the pool uses it. */
import type { Environ } from '../environ/types.js';
import type { Lane, LaneWork, PythonFacts } from './lane.js';

export interface InstanceLane extends Lane {
  /** Number of the request; 0: it has none. */
  readonly request: number;
  readonly work: LaneWork | undefined;
  readonly isBusy: boolean;
  readonly isFree: boolean;
  /** When Python last said something: `performance.now()`. */
  heard: number;
  /** Python was told to give the request up. */
  interrupted: boolean;
  /** A request is about to begin. */
  reserve(): void;
  /** There will be no more frames to its request. */
  lose(error: Error): void;
}

export type Loaded = Pick<PythonFacts, 'implementation' | 'version' | 'address'>;

export interface PythonInstance {
  /** For the log: `process`, `thread`. */
  readonly noun: string;
  /** For the log: `The Python process 123`. */
  readonly label: string;
  readonly lanes: readonly InstanceLane[];
  /** What one request does to it may harm others. */
  readonly isShared: boolean;
  /** Rejects with a ConfigError if the application cannot be loaded. */
  readonly loaded: Promise<Loaded>;
  readonly isReady: boolean;
  /** Another one has its place. */
  replaced: boolean;
  /** It is given no more requests. */
  readonly retired: boolean;
  /** How many it has had. */
  readonly requests: number;
  /** Requests after which another one takes its place. */
  limit: number;
  /** Lanes that have a request. */
  readonly busy: number;
  /** @param atOnce no matter whether a better one is soon free. */
  freeLane(atOnce?: boolean): InstanceLane | undefined;
  /** It is another request that has kept this one from running since the last look. */
  isHeldUp?(lane: InstanceLane): boolean;
  /** All its lanes were looked at. */
  looked?(): void;
  /** Raises KeyboardInterrupt in the request that a lane has. */
  interrupt(lane: InstanceLane): void;
  /** Requests go on; then, or after so many milliseconds, it ends. */
  end(grace: number): Promise<void>;
  kill(): void;
  /** A lane of it goes on with a request that was given up: it is killed once the others are done. */
  killWhenIdle(): void;
}

/** A request that was given to an instance and has not begun there. */
export interface Returned {
  readonly work: LaneWork;
  readonly environ: Environ;
}

export interface InstanceEvents {
  /** Some lane may be given a request. */
  laneFree(instance: PythonInstance): void;
  /** They are to begin elsewhere. */
  returned(requests: readonly Returned[]): void;
  /** It is to be given no more requests, and another one takes its place. */
  retire(instance: PythonInstance): void;
  /** It has ended, and all its lanes have. */
  ended(instance: PythonInstance, how: string): void;
}
