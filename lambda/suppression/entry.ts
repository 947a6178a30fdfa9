import type { SuppressionReason } from './reason.ts';

/** An address that must not be mailed. */
export interface SuppressionEntry {
  readonly reason: SuppressionReason;
  /** Key of the provider that reported it, or who of the operators added it. */
  readonly source: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Id of the delivery event that added it. */
  readonly eventId?: string;
  /** Epoch seconds after which the address may be mailed again; absent: never. */
  readonly expires?: number;
}
