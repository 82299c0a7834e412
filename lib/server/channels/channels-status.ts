/** What the status of a server says of what carries its topics to others. */

/** For `wsgi.status`; `published`, `received`, `dropped` and `lost` only grow. */
export interface ChannelsStatus {
  /** 1, or 0 while there is no connection. */
  readonly connected: number;
  /** Topics that have members here. */
  readonly topics: number;
  /** Messages that were given to the backend, dropped ones too. */
  readonly published: number;
  /** Messages that came from other servers. */
  readonly received: number;
  /** Messages that others did not get, because there was no connection, or it was too slow. */
  readonly dropped: number;
  /** How often the connection was lost. */
  readonly lost: number;
}

export const NO_CHANNELS: ChannelsStatus = {
  connected: 0,
  topics: 0,
  published: 0,
  received: 0,
  dropped: 0,
  lost: 0,
};
