import type { Meaning } from '../mail/outcome.ts';
import type { Reason, WorkerReason } from '../mail/reason.ts';

/** One row of a provider's table: the matching answers, their meaning, and the source with its date. */
export type Fact<Match> = Match & { readonly means: Meaning; readonly source: string };

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
