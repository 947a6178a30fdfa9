import type { InboundMessage } from '../lambda/contract/inbound.ts';
import type { InboundFlag } from '../lambda/contract/inbound-enums.ts';
import { domainOf } from '../lambda/mail/address.ts';
import { ContendedItemError, changeItem } from '../lambda/platform/change-item.ts';
import type { Table } from '../lambda/platform/table.ts';
import type { AddressHashes } from '../lambda/suppression/hash.ts';

/** Reason for which a program must not answer a received mail. */
export type AnswerRefusal = InboundFlag | 'no-sender' | 'spam' | 'unauthenticated' | 'rate';

/** Whether a program may answer a received mail, and at which address. */
export type MayAnswer =
  | { readonly may: true; readonly to: string }
  | { readonly may: false; readonly reason: AnswerRefusal };

/** Dependencies of {@link answerGate}. */
export interface AnswerGate {
  /**
   * A DynamoDB table with the string key `pk`, and with `expires` as its time-to-live attribute. The table must belong to the
   * program, not to Mailover.
   */
  readonly table: Pick<Table, 'get' | 'write'>;
  /** Computes hashes of addresses with a key of the program, so that the table contains no address. */
  readonly hashes: AddressHashes;
  /**
   * Largest number of answers to one address in an hour.
   * @default 6
   */
  readonly perHour?: number;
  /**
   * Whether an address belongs to a known customer. A customer is answered even if it is not proven that the mail comes from this
   * address.
   * @default - no address is known
   */
  readonly isKnown?: (address: string) => boolean | Promise<boolean>;
  /**
   * Returns the current time, in milliseconds.
   * @default Date.now
   */
  readonly now?: () => number;
}

/**
 * Flags of mail that must not be answered: mail that a program, a mailing list or Mailover itself sent. An answer to such mail
 * would start a loop or reach the mailing list.
 */
const UNANSWERED: readonly InboundFlag[] = ['auto-reply', 'bounce', 'list', 'loop'];
const HOUR_MS = 3_600_000;

/**
 * Creates a function that decides whether a program may answer a received mail automatically. The answer must go to the sender in
 * the envelope (RFC 3834, section 4). The function refuses mail with certain flags, spam, and mail whose sender is not proven. It
 * also refuses more than `perHour` answers an hour to one address. Each permission counts as an answer.
 *
 * The function throws an error if the table does not answer. The program must then send no answer, and leave the mail on its
 * queue.
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
 * Whether the domain of the envelope sender is proven. Otherwise an answer may reach a person whose address was forged. SPF
 * proves the domain of the envelope sender (RFC 7208, section 2.4). DMARC proves the domain of the From header (RFC 7489, section
 * 3.1), so it is enough only if the envelope sender has that domain or a subdomain. A DKIM signature alone is not enough: it may
 * be of any domain, and the result of the check does not contain the domain.
 */
function isProven({ authentication: { spf, dmarc } = {}, from = [], envelope }: InboundMessage): boolean {
  if (dmarc === 'fail') return false;
  if (spf === 'pass') return true;
  const [author, ...others] = from.map(({ address }) => domainOf(address));
  if (dmarc !== 'pass' || !author || others.length > 0) return false;
  return `.${domainOf(envelope.from ?? '')}`.endsWith(`.${author}`);
}

/** Counts an answer. Returns false if the number of answers in the last hour has already reached the limit. */
async function countAnswer(table: AnswerGate['table'], pk: string, perHour: number, at: number): Promise<boolean> {
  let isAllowed = false;
  try {
    await changeItem(table, pk, (current) => {
      const recent = ((current?.['times'] ?? []) as number[]).filter((time) => time > at - HOUR_MS);
      isAllowed = recent.length < perHour;
      return isAllowed ? { times: [...recent, at], expires: Math.ceil((at + HOUR_MS) / 1000) } : undefined;
    });
  } catch (error) {
    // During each try, another process counted an answer to the same address. Such a number of concurrent answers also means a
    // mail loop.
    if (error instanceof ContendedItemError) return false;
    throw error;
  }
  return isAllowed;
}
