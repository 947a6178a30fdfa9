import type { Bounce, EventReason, EventType } from '../contract/event-enums.ts';
import { type Answer, type Fact, meaningIn } from './fact.ts';
import type { Reference } from './reference.ts';

/** A provider's event, translated into the types and reasons of Mailover. */
export interface EventMeaning {
  readonly type: EventType;
  /** Kind of the bounce; present only if the type is `bounced`. */
  readonly bounce?: Bounce;
  readonly reason?: EventReason;
}

/**
 * One row of a provider's table of events: `at` is the name of the event, `code` its subtype or reason, `status` an SMTP status,
 * `text` the text of the provider or of the receiving server. The first row that matches an event gives the meaning of the event.
 */
export type EventFact = Fact<string, EventMeaning>;

/** An event of one recipient, as a provider reports it. */
export interface ReportedEvent extends EventMeaning {
  /**
   * Id of the event, unique among the events of this provider. If the provider reports one event several times, the id is always
   * the same.
   */
  readonly eventId: string;
  /** Address of the recipient; absent if the event is not about a single recipient. */
  readonly recipient?: string | undefined;
  /** The provider's id of the mail, without angle brackets. */
  readonly providerMessageId?: string | undefined;
  readonly reference: Reference;
  /** Time of the event in epoch milliseconds; absent if the provider states no readable time. */
  readonly at?: number | undefined;
  /** Whether a program, not a person, opened the mail or followed the link. */
  readonly machine?: boolean;
  /** Text of the provider or of the receiving server. */
  readonly detail?: string | undefined;
  readonly smtpCode?: string | undefined;
  readonly tag?: string | undefined;
  /** Metadata of the submission. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The provider's name of the event type, if the provider's table has no row for the event. */
  readonly unknownType?: string;
}

/**
 * Content of a request to the URL for delivery events. `mail`: the request contains received mail, which was posted to the wrong
 * URL.
 */
export type ReadEvents =
  | { readonly kind: 'events'; readonly events: readonly ReportedEvent[] }
  | { readonly kind: 'mail' }
  | { readonly kind: 'unreadable'; readonly detail: string };

/** Meaning of an event that is not a bounce. */
export const meaning = (type: Exclude<EventType, 'bounced'>, reason?: EventReason): EventMeaning =>
  reason ? { type, reason } : { type };
/** Meaning of a hard bounce: the recipient's mailbox does not exist, so no more mail is sent to the address. */
export const hard = (reason: EventReason): EventMeaning => ({ type: 'bounced', bounce: 'hard', reason });
/** Meaning of a soft bounce: the mail was not delivered, but a later mail to the same address may be delivered. */
export const soft = (reason: EventReason): EventMeaning => ({ type: 'bounced', bounce: 'soft', reason });
/** Meaning of a block: the mail or its sender was refused. This says nothing about the recipient's mailbox. */
export const blocked = (reason: EventReason): EventMeaning => ({ type: 'bounced', bounce: 'blocked', reason });
/** Meaning of an event for which its provider's table has no row. */
export const UNKNOWN_EVENT = meaning('other', 'unknown');

/** Returns the meaning in the first row that matches the event, or {@link UNKNOWN_EVENT} if no row matches. */
export function eventMeaning(facts: readonly EventFact[], event: Answer<string>): EventMeaning {
  return meaningIn(facts, event) ?? UNKNOWN_EVENT;
}
