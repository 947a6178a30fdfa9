import type { Message } from '../mail/message.ts';
import { composeMime } from '../mail/mime.ts';
import { type AttemptResult, NOT_TRIED, type Outcome } from '../mail/outcome.ts';
import type { Attempt } from './provider.ts';

/** One call for some of an attempt's recipients. */
export interface PartialCall {
  readonly recipients: readonly string[];
  readonly deadlineMs: number;
  /** Whether To and Cc must be limited to `recipients`: another address there may be the reason of the refusal. */
  readonly narrow: boolean;
}

/** Result of such a call. */
export interface PartialResult extends AttemptResult {
  /** Recipients that the provider names in a refusal because of one recipient. */
  readonly named?: readonly string[];
}

/**
 * Sends to all recipients of an attempt, and splits it up if it is refused as a whole for one address.
 *
 * Recipients that the provider names get their own outcome; if it names none, the others are offered in halves. A refused
 * call served no recipient, so none is served twice; any other failure ends the attempt. All calls share one deadline: the
 * groups that it leaves begin the next attempt at this provider, which so makes at least one call for a smaller group.
 *
 * @param narrows - whether a first call for one recipient may be refused for another address in To or Cc
 */
export async function takeApart(
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
    // A call that is cut off would leave it unknown whether its recipients were served.
    if (slowestMs > 0 && deadlineMs < Math.max(attempt.connectMs, 2 * slowestMs)) {
      groups.unshift(group);
      break;
    }
    const call = { recipients: group, deadlineMs: Math.min(deadlineMs, attempt.answerMs ?? deadlineMs), narrow };
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
      // An address in To or Cc may be refused as well; but suppressed recipients are always in the envelope.
      const elsewhere = narrows && !narrow && own.blames === 'message' && hasOthers(attempt);
      const guilty = group.length === 1 && !elsewhere ? group : named;
      const others = group.filter((one) => !guilty.includes(one));
      for (const one of guilty) outcomes.set(one, own);
      groups.unshift(...(guilty.length > 0 ? [others] : halves(others)).filter(isFilled));
      narrow = true;
    }
  }
  return { ...merge(attempt.recipients, outcomes), ...(narrow && { apart: groups }) };
}

/**
 * The groups of earlier attempts and one of all other recipients, largest first; a recipient of several groups is in the
 * smallest one only.
 */
function groupsOf({ recipients, apart = [] }: Attempt): (readonly string[])[] {
  const left = new Set(recipients);
  const own = (group: readonly string[]) => group.filter((one) => left.delete(one));
  const groups = apart.toSorted((a, b) => a.length - b.length).map(own);
  return [own(recipients), ...groups].filter(isFilled).toSorted((a, b) => b.length - a.length);
}

/** The MIME of a call; composed again if To and Cc must contain fewer addresses. */
export function mimeFor(attempt: Attempt, { recipients, narrow }: PartialCall): Promise<Buffer> {
  if (!narrow) return attempt.mime();
  const { to, cc } = attempt.message;
  const left = (list: Message['to']) => list.filter(({ address }) => recipients.includes(address));
  return composeMime({ ...attempt.message, to: left(to), cc: left(cc) });
}

/** The recipients that a provider's words name, by address or by a domain in quotes. */
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

/** The outcome of an acceptance applies to all recipients that it served; every other recipient is listed separately. */
function merge(recipients: readonly string[], outcomes: ReadonlyMap<string, Outcome>): AttemptResult {
  const all = recipients.map((one) => outcomes.get(one) ?? NOT_TRIED);
  const outcome = all.find(({ kind }) => kind === 'accepted') ?? all.find((one) => one !== NOT_TRIED) ?? NOT_TRIED;
  const others = recipients.flatMap((one, place) => {
    const own = all[place] ?? NOT_TRIED;
    return own === outcome ? [] : [[one, own] as const];
  });
  return { outcome, ...(others.length > 0 && { recipients: new Map(others) }) };
}
