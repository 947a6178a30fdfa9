import type { Meaning } from '../mail/outcome.ts';
import type { Reason, WorkerReason } from '../mail/reason.ts';

/** One row of a provider's table: the answers that fit, what they mean, and where that is written, with the date of reading. */
export type Fact<Match> = Match & { readonly means: Meaning; readonly source: string };

/** Our standing with the provider: no mail of ours passes. */
export const account = (reason: Reason): Meaning => ({ kind: 'unavailable', blames: 'account', reason });
/** One From address or domain of ours. */
export const sender = (reason: Reason): Meaning => ({ kind: 'unavailable', blames: 'sender', reason });
/** The provider itself. */
export const outage = (reason: Reason): Meaning => ({ kind: 'unavailable', blames: 'outage', reason });
/** This process: the provider is well, as far as anybody knows. */
export const worker = (reason: WorkerReason): Meaning => ({ kind: 'unavailable', blames: 'worker', reason });
/** Load: the whole provider wants time. */
export const throttled = (reason: Reason): Meaning => ({ kind: 'throttled', of: 'provider', reason });
/** Time must pass for one recipient; the provider is well. */
export const recipientBusy = (reason: Reason): Meaning => ({ kind: 'throttled', of: 'recipient', reason });
/** The message, this provider says. */
export const message = (reason: Reason): Meaning => ({ kind: 'refused', blames: 'message', reason });
/** One of the recipients, this provider says, and takes the mail for none of them. */
export const oneRecipient = (reason: Reason): Meaning => ({ kind: 'refused', blames: 'message', reason, ofOne: true });
/** A recipient who may not be mailed, for all of whom the call was refused. */
export const suppressed = (reason: Reason): Meaning => ({ kind: 'refused', blames: 'recipient', reason, ofOne: true });
/** Nobody knows whether the mail was taken. */
export const unknown = (reason: Reason): Meaning => ({ kind: 'unknown', reason });
/** The last row of a table: a refusal that has not been described yet. */
export const UNRECOGNISED: Meaning = { kind: 'unrecognised', reason: 'unrecognised' };
