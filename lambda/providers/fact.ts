import type { Meaning } from '../mail/outcome.ts';
import type { Reason, WorkerReason } from '../mail/reason.ts';

/** Where a meaning is stated, and when that was read. */
interface Source {
  /** Page, document or report; `a guess` for likely words without one. */
  readonly from: string;
  readonly date: `${number}-${number}-${number}`;
}

/** A source with the date of reading, such as `2026-11-29`. */
export const cite = (from: string, date: Source['date']): Source => ({ from, date });

/**
 * One row of a provider's table: the answers that it matches, their meaning, and the source. A condition that is absent
 * matches every answer; the first matching row of a table decides.
 */
export interface Fact<Place extends string = string, M = Meaning> {
  /** What the answer is about: the stage of an SMTP dialogue, or the path of a field in our request. */
  readonly at?: readonly Place[] | RegExp;
  /** Status of HTTP, or the three digits of an SMTP reply. */
  readonly status?: readonly number[] | RegExp;
  /** The provider's own code: an ErrorCode, the name of an exception, or an enhanced status code (RFC 3463). */
  readonly code?: readonly (number | string)[] | RegExp;
  /** Words of the answer. */
  readonly text?: RegExp;
  readonly means: M;
  readonly source: Source;
}

/** The parts of an answer that rows match; absent if the answer has none. */
interface Answer<Place extends string> {
  readonly at?: Place;
  readonly status?: number | string | undefined;
  readonly code?: number | string;
  readonly text: string;
}

/** The meaning of an answer by the first row that matches it, or one of its parts. */
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

/** Our standing with the provider: it accepts no mail of ours. */
export const account = (reason: Reason): Meaning => ({ kind: 'unavailable', blames: 'account', reason });
/** One From address or domain of ours. */
export const sender = (reason: Reason): Meaning => ({ kind: 'unavailable', blames: 'sender', reason });
/** The provider itself. */
export const outage = (reason: Reason): Meaning => ({ kind: 'unavailable', blames: 'outage', reason });
/** This process is at fault; nothing is known against the provider. */
export const worker = (reason: WorkerReason): Meaning => ({ kind: 'unavailable', blames: 'worker', reason });
/** Load: the provider must be left alone for a time. */
export const throttled = (reason: Reason): Meaning => ({ kind: 'throttled', of: 'provider', reason });
/** Time must pass for one recipient; the provider works. */
export const recipientBusy = (reason: Reason): Meaning => ({ kind: 'throttled', of: 'recipient', reason });
/** A refusal of the message. */
export const message = (reason: Reason): Meaning => ({ kind: 'refused', blames: 'message', reason });
/** A refusal because of one recipient; no recipient was served. */
export const oneRecipient = (reason: Reason): Meaning => ({ kind: 'refused', blames: 'message', reason, ofOne: true });
/** Recipients who may not be mailed; the call was refused for all of them. */
export const suppressed = (reason: Reason): Meaning => ({ kind: 'refused', blames: 'recipient', reason, ofOne: true });
/** Whether the message was accepted is unknown. */
export const unknown = (reason: Reason): Meaning => ({ kind: 'unknown', reason });
/** The last row of a table: a refusal that no other row matches. */
export const UNRECOGNISED: Meaning = { kind: 'unrecognised', reason: 'unrecognised' };
