import type { Meaning } from '../mail/outcome.ts';
import type { Reason, WorkerReason } from '../mail/reason.ts';

/** Source of a row in a provider's table of answers or events. */
interface Source {
  /**
   * Page, document or report that states the meaning; `a guess` if the row contains a likely wording for which no source was
   * found.
   */
  readonly from: string;
  readonly date: `${number}-${number}-${number}`;
}

/** Returns a source. `date` is the day on which the source was read, such as `2026-11-29`. */
export const cite = (from: string, date: Source['date']): Source => ({ from, date });

/**
 * One row of a provider's table. It has conditions, the meaning of an answer that meets all conditions, and the source of this
 * meaning. An absent condition matches every answer. The first row that matches an answer gives the meaning of the answer.
 */
export interface Fact<Place extends string = string, M = Meaning> {
  /** What the answer is about: a stage of the SMTP dialogue, a field of our request (by its path), or an event (by its name). */
  readonly at?: readonly Place[] | RegExp;
  /** HTTP status, or the three digits of an SMTP reply. */
  readonly status?: readonly number[] | RegExp;
  /** The provider's own code: an ErrorCode, the name of an exception, or an enhanced status code (RFC 3463). */
  readonly code?: readonly (number | string)[] | RegExp;
  /** Text of the answer. */
  readonly text?: RegExp;
  readonly means: M;
  readonly source: Source;
}

/** The properties of an answer that are compared with the rows of a table. */
export interface Answer<Place extends string> {
  readonly at?: Place;
  readonly status?: number | string | undefined;
  readonly code?: number | string;
  readonly text: string;
}

/**
 * Returns the meaning in the first row that matches one of `parts`; undefined if no row matches. An answer with several errors
 * has one part for each error.
 */
export function meaningIn<Place extends string, M = Meaning>(
  facts: readonly Fact<Place, M>[],
  ...parts: readonly Answer<Place>[]
): M | undefined {
  return facts.find((fact) => parts.some((part) => matches(fact, part)))?.means;
}

function matches<Place extends string>(fact: Fact<Place, unknown>, { at, status, code, text }: Answer<Place>): boolean {
  return isMet(fact.at, at) && isMet(fact.status, status) && isMet(fact.code, code) && (fact.text?.test(text) ?? true);
}

function isMet(
  condition: readonly (string | number)[] | RegExp | undefined,
  value: string | number | undefined,
): boolean {
  if (condition instanceof RegExp) return condition.test(`${value ?? ''}`);
  return condition?.some((one) => one === value) ?? true;
}

/** Meaning of an answer that refuses all mail from our account. */
export const account = (reason: Reason): Meaning => ({ kind: 'unavailable', blames: 'account', reason });
/** Meaning of an answer that refuses all mail from one of our From addresses or domains. */
export const sender = (reason: Reason): Meaning => ({ kind: 'unavailable', blames: 'sender', reason });
/** Meaning of a failure of the provider itself. */
export const outage = (reason: Reason): Meaning => ({ kind: 'unavailable', blames: 'outage', reason });
/** Meaning of a fault of this process, such as a wrong clock. It says nothing about the provider. */
export const worker = (reason: WorkerReason): Meaning => ({ kind: 'unavailable', blames: 'worker', reason });
/** Meaning of a temporary refusal of all mail, for example because the provider got too much mail in a short time. */
export const throttled = (reason: Reason): Meaning => ({ kind: 'throttled', of: 'provider', reason });
/** Meaning of a temporary refusal of mail to one recipient. The provider accepts mail to other recipients. */
export const recipientBusy = (reason: Reason): Meaning => ({ kind: 'throttled', of: 'recipient', reason });
/** Meaning of a refusal of the message. Another provider may accept the message. */
export const message = (reason: Reason): Meaning => ({ kind: 'refused', blames: 'message', reason });
/** Meaning of a refusal of the whole call because of one recipient. */
export const oneRecipient = (reason: Reason): Meaning => ({ kind: 'refused', blames: 'message', reason, ofOne: true });
/** Meaning of a refusal of the whole call because some recipients are on the provider's own suppression list. */
export const suppressed = (reason: Reason): Meaning => ({ kind: 'refused', blames: 'recipient', reason, ofOne: true });
/** Meaning of an answer that does not show whether the provider accepted the message. */
export const unknown = (reason: Reason): Meaning => ({ kind: 'unknown', reason });
/** Meaning of a refusal that Mailover's table of the provider's answers does not contain. */
export const UNRECOGNISED: Meaning = { kind: 'unrecognised', reason: 'unrecognised' };
