import type { Bounce, EventReason, EventType } from '../contract/event-words.ts';
import type { Fact } from './fact.ts';
import type { Reference } from './reference.ts';

/** Meaning of a provider's event in the words of Mailover. */
export interface EventMeaning {
  readonly type: EventType;
  /** Kind of the bounce; for the type `bounced` only. */
  readonly bounce?: Bounce;
  readonly reason?: EventReason;
}

/**
 * One row of a provider's table of events: `at` is the name of the event, `code` its subtype or reason, `status` an SMTP
 * status, `text` the words. The first matching row decides; the last one matches every event.
 */
export type EventFact = Fact<string, EventMeaning>;

/** An event of one recipient, as a provider reports it. */
export interface ReportedEvent extends EventMeaning {
  /** Identifies the event among all of this provider; a repeated one has the same. */
  readonly eventId: string;
  /** Absent if the event is about no single recipient. */
  readonly recipient?: string | undefined;
  /** The provider's id of the mail, without angle brackets. */
  readonly providerMessageId?: string | undefined;
  readonly reference: Reference;
  /** Epoch milliseconds; absent if the provider states no readable time. */
  readonly at?: number | undefined;
  /** Opened or clicked by a program, not a person. */
  readonly machine?: boolean;
  /** Words of the provider or of the receiving server. */
  readonly detail?: string | undefined;
  readonly smtpCode?: string | undefined;
  readonly tag?: string | undefined;
  /** What the submission had as metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The provider's name of a type that its table lacks. */
  readonly unknownType?: string;
}

/** Content of a request with events. `mail`: received mail, which was sent to the wrong address. */
export type ReadEvents =
  | { readonly kind: 'events'; readonly events: readonly ReportedEvent[] }
  | { readonly kind: 'mail' }
  | { readonly kind: 'unreadable'; readonly detail: string };

const meaning = (type: EventType, reason?: EventReason): EventMeaning => (reason ? { type, reason } : { type });

/** The recipient's mailbox does not exist: it is not mailed again. */
export const hard = (reason: EventReason): EventMeaning => ({ type: 'bounced', bounce: 'hard', reason });
/** Not delivered, and another mail may be. */
export const soft = (reason: EventReason): EventMeaning => ({ type: 'bounced', bounce: 'soft', reason });
/** The mail or its sender is refused; nothing is known against the mailbox. */
export const blocked = (reason: EventReason): EventMeaning => ({ type: 'bounced', bounce: 'blocked', reason });
export const accepted = meaning('accepted');
export const delivered = meaning('delivered');
export const opened = meaning('opened');
export const clicked = meaning('clicked');
export const unsubscribed = meaning('unsubscribed');
export const resubscribed = meaning('resubscribed');
export const deferred = (reason: EventReason) => meaning('deferred', reason);
export const complained = (reason: EventReason) => meaning('complained', reason);
/** The provider did not try to deliver the mail. */
export const rejected = (reason: EventReason) => meaning('rejected', reason);
/** The recipient is on a list of the provider. */
export const listed = (reason: EventReason) => meaning('suppressed', reason);
export const other = (reason: EventReason) => meaning('other', reason);
/** The last row of a table: an event that no other row matches. */
export const UNKNOWN_EVENT = other('unknown');
