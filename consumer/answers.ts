import type { InboundMessage } from '../lambda/contract/inbound.ts';
import type { InboundFlag } from '../lambda/contract/inbound-words.ts';
import { domainOf } from '../lambda/mail/address.ts';
import { ContendedItemError, changeItem } from '../lambda/platform/change-item.ts';
import type { Table } from '../lambda/platform/table.ts';
import type { AddressHashes } from '../lambda/suppression/hash.ts';

/** Why a program must not answer a received mail. */
export type AnswerRefusal = InboundFlag | 'no-sender' | 'spam' | 'unauthenticated' | 'rate';

/** Whether a program may answer a received mail, and at which address. */
export type MayAnswer =
  | { readonly may: true; readonly to: string }
  | { readonly may: false; readonly reason: AnswerRefusal };

/** Dependencies of {@link answerGate}. */
export interface AnswerGate {
  /** Any table with the string key `pk`, and `expires` as its time to live; one of the program's own. */
  readonly table: Pick<Table, 'get' | 'write'>;
  /** Hashes of addresses, so that the table names none; of a key of the program's own. */
  readonly hashes: AddressHashes;
  /**
   * Answers to one address in an hour.
   * @default 6
   */
  readonly perHour?: number;
  /** Whether an address is that of a customer, which is answered also without proof. @default - none is */
  readonly isKnown?: (address: string) => boolean | Promise<boolean>;
  /** @default Date.now */
  readonly now?: () => number;
}

/** Flags of mail by programs, or that has passed here before: an answer would begin a loop or reach a list. */
const UNANSWERED: readonly InboundFlag[] = ['auto-reply', 'bounce', 'list', 'loop'];
const HOUR_MS = 3_600_000;

/**
 * Decides whether a program may answer a received mail by itself. It goes to the envelope's sender (RFC 3834, section 4). Refused are flagged
 * mail, spam, senders that are not proven, and more than six answers an hour to one address; each permission counts as an answer.
 *
 * Throws if the table does not answer: then the mail stays on its queue, and nothing was answered.
 */
export function answerGate({ table, hashes, perHour = 6, isKnown = () => false, now = Date.now }: AnswerGate) {
  return async (mail: InboundMessage): Promise<MayAnswer> => {
    const to = mail.envelope.from;
    if (!to) return { may: false, reason: 'no-sender' };
    const flag = mail.flags?.find((one) => UNANSWERED.includes(one));
    if (flag !== undefined) return { may: false, reason: flag };
    if (mail.spam?.verdict === 'fail') return { may: false, reason: 'spam' };
    if (!(isProven(mail) || (await isKnown(to)))) return { may: false, reason: 'unauthenticated' };
    const [hash] = await hashes(to);
    return (await countAnswer(table, `answered/${hash}`, perHour, now()))
      ? { may: true, to }
      : { may: false, reason: 'rate' };
  };
}

/**
 * Whether the domain of the envelope's sender is proven; without it an answer may reach a person whose address was forged. SPF proves it (RFC 7208,
 * section 2.4). DMARC proves the domain of the From header (RFC 7489, section 3.1), and so only an envelope of that domain or one below it.
 * A DKIM signature alone may be of any domain: the verdict does not say which.
 */
function isProven({ authentication: { spf, dmarc } = {}, from = [], envelope }: InboundMessage): boolean {
  if (dmarc === 'fail') return false;
  if (spf === 'pass') return true;
  const [author, ...others] = from.map(({ address }) => domainOf(address));
  if (dmarc !== 'pass' || !author || others.length > 0) return false;
  return `.${domainOf(envelope.from ?? '')}`.endsWith(`.${author}`);
}

/** Counts an answer, unless there were enough within the last hour. */
async function countAnswer(table: AnswerGate['table'], pk: string, perHour: number, at: number): Promise<boolean> {
  let isAllowed = false;
  try {
    await changeItem(table, pk, (current) => {
      const recent = ((current?.['times'] ?? []) as number[]).filter((time) => time > at - HOUR_MS);
      isAllowed = recent.length < perHour;
      return isAllowed ? { times: [...recent, at], expires: Math.ceil((at + HOUR_MS) / 1000) } : undefined;
    });
  } catch (error) {
    // Others counted an answer to the address at each of our tries: that many answers in a moment are a loop of mail, too.
    if (error instanceof ContendedItemError) return false;
    throw error;
  }
  return isAllowed;
}
