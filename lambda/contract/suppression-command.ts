import * as z from 'zod/mini';

const address = z.string().check(z.regex(/^[^\s@]+(?:@[^\s@]+)*@[^\s@]+$/u), z.maxLength(320));
const provider = z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/));
const className = z.string().check(z.minLength(1), z.maxLength(64));
const operator = z.string().check(z.minLength(1), z.maxLength(200));

/** What an operator asks of the suppression list; the function that keeps it takes these as events. */
export const suppressionCommandSchema = z.discriminatedUnion('command', [
  /** A part of the addresses; `from` is the `next` of the part before. */
  z.strictObject({ command: z.literal('list'), from: z.optional(z.int().check(z.nonnegative())) }),
  z.strictObject({ command: z.literal('add'), address, operator }),
  /** Removes an address from the list; with a class, ends the unsubscribe of the address from that class instead. */
  z.strictObject({ command: z.literal('remove'), address, class: z.optional(className) }),
  /** Takes the entries of a provider's own list over; `isConfirmed`: also far more than its mail explains. */
  z.strictObject({ command: z.literal('import'), provider, isConfirmed: z.optional(z.boolean()) }),
  /** What the daily run does, for all providers. */
  z.strictObject({ command: z.literal('mirror') }),
  /** Removes what a provider has put on the list since a time in epoch milliseconds. */
  z.strictObject({ command: z.literal('take-back'), provider, since: z.number() }),
]);

export type SuppressionCommand = z.infer<typeof suppressionCommandSchema>;

/** A suppressed address, as operators see it. */
export interface ShownSuppression {
  readonly address: string;
  readonly reason: string;
  readonly source: string;
  /** ISO 8601, as `expiresAt`; without that it has no end. */
  readonly at: string;
  readonly expiresAt?: string;
}

/** Result of one provider. */
export interface MirrorResult {
  readonly provider: string;
  /** `behind`: the time or the limit of a run ended before all was done. `doubted`: nothing was taken over. */
  readonly outcome: 'done' | 'behind' | 'doubted' | 'failed';
  /** Entries of the provider that were new here. */
  readonly imported: number;
  /** Entries that were new at the provider. */
  readonly added: number;
  /** Entries that were removed at the provider, since they had been removed here. */
  readonly removed: number;
  /** New entries of the provider that are far more than its mail explains, if they are in doubt. */
  readonly withheld?: number;
  /** Why it failed. */
  readonly detail?: string;
}

export type SuppressionAnswer =
  | { readonly kind: 'listed'; readonly entries: readonly ShownSuppression[]; readonly next?: number }
  | { readonly kind: 'added'; readonly entry: ShownSuppression }
  | {
      readonly kind: 'removed';
      /** Whether the address was on the list. */
      readonly listed: boolean;
      readonly providers: readonly { readonly provider: string; readonly result: string }[];
    }
  /** `was`: whether the address had unsubscribed from the class. */
  | { readonly kind: 'subscribed'; readonly was: boolean }
  | { readonly kind: 'mirrored'; readonly providers: readonly MirrorResult[] }
  | {
      readonly kind: 'taken-back';
      readonly removed: number;
      /** What was removed from the providers' own lists; the daily run does what is left or failed. */
      readonly providers: readonly { readonly provider: string; readonly result: string }[];
    }
  | { readonly kind: 'refused'; readonly message: string };
