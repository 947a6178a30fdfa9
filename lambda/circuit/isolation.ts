/** An operator holds a provider open. */
export interface Isolation {
  readonly since: number;
  /** When it ends, by itself or because an operator released the provider. */
  readonly until: number;
  readonly reason: string;
  /** The operator, as the command knew them. */
  readonly who: string;
}

/** Whether the operator's word holds. */
export function isIsolated(isolation: Isolation | undefined, now: number): boolean {
  return isolation !== undefined && now < isolation.until;
}
