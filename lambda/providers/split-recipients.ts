import type { Message } from '../mail/message.ts';
import { composeMime } from '../mail/mime.ts';
import { type AttemptResult, NOT_TRIED, type Outcome } from '../mail/outcome.ts';
import { defined } from '../platform/defined.ts';
import type { Attempt } from './provider.ts';

/** One call to a provider, for some of an attempt's recipients. */
export interface PartialCall {
  readonly recipients: readonly string[];
  readonly deadlineMs: number;
  readonly connectMs: number;
  /**
   * Whether To and Cc may contain only addresses in `recipients`. This is necessary after a refusal, which another address in To
   * or Cc may have caused.
   */
  readonly narrow: boolean;
}

/** Result of a {@link PartialCall}. */
export interface PartialResult extends AttemptResult {
  /** Recipients that the provider's answer names as the cause of a refusal of the whole call. */
  readonly named?: readonly string[];
}

/**
 * Sends to all recipients of an attempt. If the provider refuses the whole call because of one address, the recipients are split
 * up into smaller groups, with one call for each group.
 *
 * The refusal becomes the outcome of the recipients that the provider names, and one more call is made for the rest of the group.
 * If the provider names no recipient, one call is made for each half of the group. A refused call delivers to no recipient, so no
 * recipient gets the message twice. Any other failure ends the attempt. All calls share one deadline. After a split, the groups
 * that were neither accepted nor refused are returned in `apart`. The next attempt at this provider continues with these groups,
 * so it does not repeat the splitting.
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
    // No call is made that the deadline would probably cut off: it would be unknown whether its recipients got the message.
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
      // The refused address may be in To or Cc without being a recipient of the call. An address that is refused because of the
      // provider's suppression list is always a recipient of the call.
      const mayBeHeaderOnly = narrows && !narrow && own.blames === 'message' && hasOthers(attempt);
      const refused = group.length === 1 && !mayBeHeaderOnly ? group : named;
      const others = group.filter((one) => !refused.includes(one));
      for (const one of refused) outcomes.set(one, own);
      groups.unshift(...(refused.length > 0 ? [others] : halves(others)).filter(isFilled));
      narrow = true;
    }
  }
  return { ...merge(attempt.recipients, outcomes), ...defined({ apart: narrow ? groups : undefined }) };
}

/**
 * Returns the groups in `apart` and one group of all other recipients, the largest group first. A recipient that is in several
 * groups of `apart` stays only in the smallest of them.
 */
function groupsOf({ recipients, apart = [] }: Attempt): (readonly string[])[] {
  const left = new Set(recipients);
  const own = (group: readonly string[]) => group.filter((one) => left.delete(one));
  const groups = apart.toSorted((a, b) => a.length - b.length).map(own);
  return [own(recipients), ...groups].filter(isFilled).toSorted((a, b) => b.length - a.length);
}

/** Returns the MIME message of a call. The message is composed again if To and Cc may contain only the recipients of the call. */
export function mimeFor(
  attempt: Attempt,
  { recipients, narrow }: Pick<PartialCall, 'recipients' | 'narrow'>,
): Promise<Buffer> {
  if (!narrow) return attempt.mime();
  const { to, cc } = attempt.message;
  const left = (list: Message['to']) => list.filter(({ address }) => recipients.includes(address));
  return composeMime({ ...attempt.message, to: left(to), cc: left(cc) });
}

/**
 * Returns the recipients that the text of a provider's answer names by their addresses. If it names no address, returns the
 * recipients at the domain that the text names in quotes.
 */
export function namedIn(words: string, recipients: readonly string[]): readonly string[] {
  const text = words.toLowerCase();
  const named = recipients.filter((address) => {
    const at = text.indexOf(address.toLowerCase());
    return at !== -1 && !/[\w.+-]/.test(text[at - 1] ?? '') && !/^(\w|-|\.\w)/.test(text.slice(at + address.length));
  });
  if (named.length > 0) return named;
  const domain = /domain[^'"`]*['"`]([^'"`]+)['"`]/.exec(text)?.[1];
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
 * Returns the result of all calls. Its `outcome` is the outcome of an accepted call; if no call was accepted, it is the first
 * outcome. Recipients with another outcome are in the map `recipients`.
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
