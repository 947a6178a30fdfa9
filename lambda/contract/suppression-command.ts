import * as z from 'zod/mini';
import type { MIRROR_OUTCOMES } from './metric-outcomes.ts';

const address = z.string().check(z.regex(/^[^\s@]+(?:@[^\s@]+)*@[^\s@]+$/u), z.maxLength(320));
const provider = z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/));
const className = z.string().check(z.minLength(1), z.maxLength(64));
const operator = z.string().check(z.minLength(1), z.maxLength(200));

/**
 * Commands of an operator for the suppression list. The operator invokes the mirror function, which synchronizes the suppression lists,
 * with such a command as the Lambda event.
 */
export const suppressionCommandSchema = z.discriminatedUnion('command', [
  /** Lists a part of the suppressed addresses. `from`: the value of `next` in the answer for the previous part; absent for the first part. */
  z.strictObject({ command: z.literal('list'), from: z.optional(z.int().check(z.nonnegative())) }),
  z.strictObject({ command: z.literal('add'), address, operator }),
  /** Without `class`: removes an address from the list. With `class`: only cancels that the address unsubscribed from this class of mail. */
  z.strictObject({ command: z.literal('remove'), address, class: z.optional(className) }),
  /**
   * Imports the entries of a provider's own suppression list. With `isConfirmed`, the entries are imported even if they are implausibly
   * many for the amount of mail that the provider sends.
   */
  z.strictObject({ command: z.literal('import'), provider, isConfirmed: z.optional(z.boolean()) }),
  /** Immediately starts the comparison that otherwise runs daily: with the own suppression lists of all providers. */
  z.strictObject({ command: z.literal('mirror') }),
  /** Removes the suppression list entries that a provider has caused since the time `since`, in epoch milliseconds. */
  z.strictObject({ command: z.literal('take-back'), provider, since: z.number() }),
]);

export type SuppressionCommand = z.infer<typeof suppressionCommandSchema>;

/** A suppressed address, in the form in which it is shown to operators. */
export interface ShownSuppression {
  readonly address: string;
  readonly reason: string;
  readonly source: string;
  /** Time at which the suppression began, in ISO 8601. */
  readonly at: string;
  /** Time at which the suppression ends, in ISO 8601; absent: the suppression never ends. */
  readonly expiresAt?: string;
}

/** Result of the comparison of one provider's own suppression list with Mailover's suppression list. */
export interface MirrorResult {
  readonly provider: string;
  readonly outcome: (typeof MIRROR_OUTCOMES)[number];
  /** Number of entries that were copied from the provider's list to Mailover's list. */
  readonly imported: number;
  /** Number of entries that were copied from Mailover's list to the provider's list. */
  readonly added: number;
  /** Number of entries that were removed from the provider's list, since they had been removed from Mailover's list. */
  readonly removed: number;
  /**
   * Number of new entries on the provider's list if none of them was imported, since they are implausibly many for the amount of mail that
   * the provider sends.
   */
  readonly withheld?: number;
  /** Reason for which the comparison failed. */
  readonly detail?: string;
}

export type SuppressionAnswer =
  | { readonly kind: 'listed'; readonly entries: readonly ShownSuppression[]; readonly next?: number }
  | { readonly kind: 'added'; readonly entry: ShownSuppression }
  | {
      readonly kind: 'removed';
      /** Whether the address was on Mailover's suppression list before the removal. */
      readonly listed: boolean;
      readonly providers: readonly { readonly provider: string; readonly result: string }[];
    }
  /** Answer to the command `remove` with a `class`. `was`: whether the address had unsubscribed from the class of mail. */
  | { readonly kind: 'subscribed'; readonly was: boolean }
  | { readonly kind: 'mirrored'; readonly providers: readonly MirrorResult[] }
  | {
      readonly kind: 'taken-back';
      readonly removed: number;
      /** Results of the removal from the providers' own lists. The daily run removes the entries that are left or whose removal failed. */
      readonly providers: readonly { readonly provider: string; readonly result: string }[];
    }
  | { readonly kind: 'refused'; readonly message: string };
