import type { Message } from '../mail/message.ts';
import { composeMime } from '../mail/mime.ts';
import { type AttemptResult, NOT_TRIED, type Outcome } from '../mail/outcome.ts';
import { defined } from '../platform/defined.ts';
import type { Attempt } from './provider.ts';

/** One call for some of an attempt's recipients. */
export interface PartialCall {
  readonly recipients: readonly string[];
  readonly deadlineMs: number;
  readonly connectMs: number;
  /** Whether To and Cc must be limited to `recipients`, since another address in To or Cc may have caused an earlier refusal. */
  readonly narrow: boolean;
}

/** Result of a {@link PartialCall}. */
export interface PartialResult extends AttemptResult {
  /** Recipients that the provider's answer names as the cause, if the provider refuses a whole call because of some recipients. */
  readonly named?: readonly string[];
}

/**
 * Sends to all recipients of an attempt. If the provider refuses the whole call because of one address, the recipients are split
 * up into smaller calls.
 *
 * The refusal becomes the outcome of the recipients that the provider names. If the provider names none, the group of recipients
 * is sent again in two halves. A refused call delivers to no recipient, so no recipient gets the message twice. Any other failure
 * ends the attempt. All calls share one deadline. Groups for which no time is left are returned in `apart`. The next attempt at
 * this provider uses these groups without a change, so it makes at least one call for a smaller group.
 *
 * @param narrows - whether the provider may refuse a call because of an address in To or Cc that is not a recipient of the call
 */
export async function sendInGroups(
  attempt: Attempt,
  narrows: boolean,
  send: (call: PartialCall) => Promise<PartialResult>,
): Promise<AttemptResult> {
  const begun = performance.now();
  const outcomes = new Map<string, Outcome>();
  const groups = groupsOf(attempt);
  let narrow = (attempt.apart ?? []).length > 0;
  let slowestMs = 0;
  for (let group = groups.shift(); group; group = groups.shift()) {
    const started = performance.now();
    const deadlineMs = attempt.deadlineMs - (started - begun);
    // If the deadline cut off a call, it would be unknown whether the recipients of the call got the message.
    if (slowestMs > 0 && deadlineMs < Math.max(attempt.connectMs, 2 * slowestMs)) {
      groups.unshift(group);
      break;
    }
    const limitMs = Math.min(deadlineMs, attempt.answerMs ?? deadlineMs);
    const call = { recipients: group, deadlineMs: limitMs, connectMs: Math.min(attempt.connectMs, limitMs), narrow };
    const { outcome, recipients, named = [] } = await send(call);
    slowestMs = Math.max(slowestMs, performance.now() - started);
    if (outcome.kind !== 'refused' || !outcome.ofOne) {
      for (const one of group) outcomes.set(one, recipients?.get(one) ?? outcome);
      if (outcome.kind !== 'accepted') {
        if (outcome.kind !== 'refused') groups.unshift(group);
        break;
      }
    } else {
      const { ofOne: _all, ...own } = outcome;
      // A refused address may be in To or Cc only. An address on the provider's suppression list is always one of the recipients
      // of the call.
      const elsewhere = narrows && !narrow && own.blames === 'message' && hasOthers(attempt);
      const guilty = group.length === 1 && !elsewhere ? group : named;
      const others = group.filter((one) => !guilty.includes(one));
      for (const one of guilty) outcomes.set(one, own);
      groups.unshift(...(guilty.length > 0 ? [others] : halves(others)).filter(isFilled));
      narrow = true;
    }
  }
  return { ...merge(attempt.recipients, outcomes), ...defined({ apart: narrow ? groups : undefined }) };
}

/**
 * Returns the groups of earlier attempts and a group of all other recipients, largest first. A recipient that was in several
 * groups stays in the smallest of these groups only.
 */
function groupsOf({ recipients, apart = [] }: Attempt): (readonly string[])[] {
  const left = new Set(recipients);
  const own = (group: readonly string[]) => group.filter((one) => left.delete(one));
  const groups = apart.toSorted((a, b) => a.length - b.length).map(own);
  return [own(recipients), ...groups].filter(isFilled).toSorted((a, b) => b.length - a.length);
}

/** Returns the MIME message of a call. It is composed again if To and Cc must contain fewer addresses. */
export function mimeFor(
  attempt: Attempt,
  { recipients, narrow }: Pick<PartialCall, 'recipients' | 'narrow'>,
): Promise<Buffer> {
  if (!narrow) return attempt.mime();
  const { to, cc } = attempt.message;
  const left = (list: Message['to']) => list.filter(({ address }) => recipients.includes(address));
  return composeMime({ ...attempt.message, to: left(to), cc: left(cc) });
}

/** Returns the recipients that the text of a provider's answer names, by address or by a domain in quotes. */
export function namedIn(words: string, recipients: readonly string[]): readonly string[] {
  const said = words.toLowerCase();
  const named = recipients.filter((address) => {
    const at = said.indexOf(address.toLowerCase());
    return at !== -1 && !/[\w.+-]/.test(said[at - 1] ?? '') && !/^(\w|-|\.\w)/.test(said.slice(at + address.length));
  });
  if (named.length > 0) return named;
  const domain = /domain[^'"`]*['"`]([^'"`]+)['"`]/.exec(said)?.[1];
  return recipients.filter((address) => domain !== undefined && address.toLowerCase().endsWith(`@${domain}`));
}

function hasOthers({ message, recipients }: Attempt): boolean {
  return [...message.to, ...message.cc].some(({ address }) => !recipients.includes(address));
}

function halves(group: readonly string[]): (readonly string[])[] {
  const middle = Math.ceil(group.length / 2);
  return [group.slice(0, middle), group.slice(middle)];
}

function isFilled(group: readonly string[]): boolean {
  return group.length > 0;
}

/**
 * Returns the result of all calls: the outcome of an accepted call, if a call was accepted, and the recipients with other
 * outcomes.
 */
function merge(recipients: readonly string[], outcomes: ReadonlyMap<string, Outcome>): AttemptResult {
  const all = recipients.map((one) => outcomes.get(one) ?? NOT_TRIED);
  const outcome = all.find(({ kind }) => kind === 'accepted') ?? all.find((one) => one !== NOT_TRIED) ?? NOT_TRIED;
  const others = recipients.flatMap((one, place) => {
    const own = all[place] ?? NOT_TRIED;
    return own === outcome ? [] : [[one, own] as const];
  });
  return { outcome, ...defined({ recipients: others.length > 0 ? new Map(others) : undefined }) };
}
