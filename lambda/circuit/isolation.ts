/** Isolation of a provider: an operator has taken the provider out of use for some time. `since` is in epoch milliseconds. */
export interface Isolation {
  readonly since: number;
  /**
   * End of the isolation, in epoch milliseconds. If an operator ends the isolation earlier, this is the time at which the
   * operator ended it.
   */
  readonly until: number;
  readonly reason: string;
  /** Name of the operator, as determined by the command that isolated the provider. */
  readonly who: string;
}

/** Returns whether the isolation is in force. */
export function isIsolated(isolation: Isolation | undefined, now: number): boolean {
  return isolation !== undefined && now < isolation.until;
}
