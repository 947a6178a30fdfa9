import type { Bounce, EventReason, EventType } from '../contract/event-enums.ts';
import { type Answer, type Fact, meaningIn } from './fact.ts';
import type { Reference } from './reference.ts';

/** Meaning of a provider's event: its type and reason in Mailover's own lists, which are the same for every provider. */
export interface EventMeaning {
  readonly type: EventType;
  /** Kind of the bounce; present only if the type is `bounced`. */
  readonly bounce?: Bounce;
  readonly reason?: EventReason;
}

/**
 * One row of a provider's table of events: `at` is the name of the event, `code` is its subtype or reason, `status` is an SMTP
 * status or a status code of the provider, and `text` is the text of the provider or of the receiving server. The first row that
 * matches an event gives the meaning of the event.
 */
export type EventFact = Fact<string, EventMeaning>;

/** An event about one recipient, as read from a provider's report. */
export interface ReportedEvent extends EventMeaning {
  /**
   * Id of the event, unique among the events of one provider. If the provider reports the same event several times, all reports
   * have the same id.
   */
  readonly eventId: string;
  /** Address of the recipient; absent if the event is not about a single recipient. */
  readonly recipient?: string | undefined;
  /** The id that the provider gave the mail, without angle brackets. */
  readonly providerMessageId?: string | undefined;
  readonly reference: Reference;
  /** Time of the event in epoch milliseconds; absent if the provider states no readable time. */
  readonly at?: number | undefined;
  /** True if the provider recognised that a program, and not a person, opened the mail or followed the link. */
  readonly machine?: boolean;
  /** Text of the provider or of the receiving server, at most 500 characters, with addresses masked. */
  readonly detail?: string | undefined;
  readonly smtpCode?: string | undefined;
  readonly tag?: string | undefined;
  /** Metadata of the submission. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The provider's own name of the event; present only if the provider's table has no row for the event. */
  readonly unknownType?: string;
}

/**
 * Content of a request or SNS message with delivery events. `mail`: it contains received mail, since the provider is configured
 * with the wrong URL or topic. `unreadable`: it does not have the provider's format.
 */
export type ReadEvents =
  | { readonly kind: 'events'; readonly events: readonly ReportedEvent[] }
  | { readonly kind: 'mail' }
  | { readonly kind: 'unreadable'; readonly detail: string };

/** Meaning of an event that is not a bounce. */
export const meaning = (type: Exclude<EventType, 'bounced'>, reason?: EventReason): EventMeaning =>
  reason ? { type, reason } : { type };
/** Meaning of a hard bounce: the recipient's mailbox does not exist or is disabled. A hard bounce suppresses the address. */
export const hard = (reason: EventReason): EventMeaning => ({ type: 'bounced', bounce: 'hard', reason });
/** Meaning of a soft bounce: the mail was not delivered, but a later mail to the same address may be delivered. */
export const soft = (reason: EventReason): EventMeaning => ({ type: 'bounced', bounce: 'soft', reason });
/** Meaning of a block: the mail or its sender was refused. A block says nothing about the recipient's mailbox. */
export const blocked = (reason: EventReason): EventMeaning => ({ type: 'bounced', bounce: 'blocked', reason });
/** Meaning of an event for which its provider's table has no row. */
export const UNKNOWN_EVENT = meaning('other', 'unknown');

/** Returns the meaning in the first row that matches the event; {@link UNKNOWN_EVENT} if no row matches. */
export function eventMeaning(facts: readonly EventFact[], event: Answer<string>): EventMeaning {
  return meaningIn(facts, event) ?? UNKNOWN_EVENT;
}
