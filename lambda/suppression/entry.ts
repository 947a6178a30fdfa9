import type { SuppressionReason } from './reason.ts';

/** Entry of the suppression list for an address to which no mail may be sent. */
export interface SuppressionEntry {
  readonly reason: SuppressionReason;
  /** Key of the provider that reported the address, or name of the operator who added it. */
  readonly source: string;
  /** Time of the report or of the addition, in epoch milliseconds. */
  readonly at: number;
  /** Id of the delivery event that reported the address; absent if no event did. */
  readonly eventId?: string;
  /** Time in epoch seconds after which mail may be sent to the address again; absent: the entry never expires. */
  readonly expires?: number;
}
