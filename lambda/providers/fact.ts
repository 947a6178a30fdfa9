import type { Meaning } from '../mail/outcome.ts';
import type { Reason, WorkerReason } from '../mail/reason.ts';

/** Origin of a row in a table with the meanings of a provider's answers or events. */
interface Source {
  /** Page, document or report that states the meaning; `a guess` for a likely wording without a source. */
  readonly from: string;
  readonly date: `${number}-${number}-${number}`;
}

/** A source with the date on which it was read, such as `2026-11-29`. */
export const cite = (from: string, date: Source['date']): Source => ({ from, date });

/**
 * One row of a provider's table: conditions for the provider's answers, the meaning of a matching answer, and the source of this
 * meaning. A condition that is absent matches every answer. The first row that matches an answer gives the meaning of the answer.
 */
export interface Fact<Place extends string = string, M = Meaning> {
  /** Subject of the answer: stage of the SMTP dialogue, path of a field in our request, or name of an event. */
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

/** The properties of an answer with which the rows of a table are compared. */
export interface Answer<Place extends string> {
  readonly at?: Place;
  readonly status?: number | string | undefined;
  readonly code?: number | string;
  readonly text: string;
}

/** Returns the meaning in the first row that matches one of `parts`. An answer with several errors has one part for each error. */
export function meaningIn<Place extends string, M = Meaning>(
  facts: readonly Fact<Place, M>[],
  ...parts: readonly Answer<Place>[]
): M | undefined {
  return facts.find((fact) => parts.some((part) => matches(fact, part)))?.means;
}

function matches<Place extends string>(fact: Fact<Place, unknown>, { at, status, code, text }: Answer<Place>): boolean {
  return holds(fact.at, at) && holds(fact.status, status) && holds(fact.code, code) && (fact.text?.test(text) ?? true);
}

function holds(
  condition: readonly (string | number)[] | RegExp | undefined,
  value: string | number | undefined,
): boolean {
  if (condition instanceof RegExp) return condition.test(`${value ?? ''}`);
  return condition?.some((one) => one === value) ?? true;
}

/** The provider accepts no mail from our account. */
export const account = (reason: Reason): Meaning => ({ kind: 'unavailable', blames: 'account', reason });
/** The provider accepts no mail from one of our From addresses or domains. */
export const sender = (reason: Reason): Meaning => ({ kind: 'unavailable', blames: 'sender', reason });
/** The provider itself is at fault. */
export const outage = (reason: Reason): Meaning => ({ kind: 'unavailable', blames: 'outage', reason });
/** This process is at fault, which says nothing about the provider. */
export const worker = (reason: WorkerReason): Meaning => ({ kind: 'unavailable', blames: 'worker', reason });
/** The provider gets too much mail in a short time, so it must not be used for a while. */
export const throttled = (reason: Reason): Meaning => ({ kind: 'throttled', of: 'provider', reason });
/** One recipient can get no mail for a while, but the provider works. */
export const recipientBusy = (reason: Reason): Meaning => ({ kind: 'throttled', of: 'recipient', reason });
/** A refusal of the message. */
export const message = (reason: Reason): Meaning => ({ kind: 'refused', blames: 'message', reason });
/** A refusal of the whole call because of one recipient. */
export const oneRecipient = (reason: Reason): Meaning => ({ kind: 'refused', blames: 'message', reason, ofOne: true });
/** A refusal of the whole call because the provider does not allow mail to some of the recipients. */
export const suppressed = (reason: Reason): Meaning => ({ kind: 'refused', blames: 'recipient', reason, ofOne: true });
/** It is unknown whether the message was accepted. */
export const unknown = (reason: Reason): Meaning => ({ kind: 'unknown', reason });
/** Meaning in the last row of a table, for a refusal that no other row matches. */
export const UNRECOGNISED: Meaning = { kind: 'unrecognised', reason: 'unrecognised' };
