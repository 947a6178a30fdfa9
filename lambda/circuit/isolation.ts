/** A provider taken out of use by an operator. */
export interface Isolation {
  readonly since: number;
  /** End of the isolation: the time that was set, or earlier when an operator releases the provider. */
  readonly until: number;
  readonly reason: string;
  /** The operator, as the command identified them. */
  readonly who: string;
}

/** Whether the isolation is in force. */
export function isIsolated(isolation: Isolation | undefined, now: number): boolean {
  return isolation !== undefined && now < isolation.until;
}
