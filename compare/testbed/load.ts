/** How much an experiment is to do. */
export interface Load {
  /** Messages of a run, by each pattern. */
  readonly messages: number;
  /** Messages per second, where the pace is given. */
  readonly rate: number;
  /** Bytes of a message, at least. */
  readonly size: number;
  /** Whether to take the time that it needs. */
  readonly full: boolean;
}
