import { createHash } from 'node:crypto';
import type { InboundMailbox, InboundMessage } from '../contract/inbound.ts';
import { parseMailbox } from '../mail/address.ts';

/** Properties of a message by which the mail is recognised when it is received again. */
export type Traits = Pick<
  InboundMessage,
  'messageId' | 'from' | 'to' | 'date' | 'subject' | 'text' | 'html' | 'attachments'
> & {
  /** Whether the same mail may be received again in a more complete form. */
  readonly incomplete: boolean;
  /**
   * Id of one reception of the mail by the provider. It stays the same when the provider posts the mail again. Two mails with the
   * same content have different ids, since their Received headers differ.
   */
  readonly reception: string;
};

/**
 * Returns the id of one mail to one recipient. If the mail has a Message-ID, the id is the same each time the mail is received,
 * through any provider and in any form.
 *
 * The id is a hash of the recipient, the Message-ID, the first address in the From header, the date and the subject. Therefore an
 * attacker who knows only the Message-ID of a mail cannot make this mail count as a duplicate of the attacker's own mail. Without
 * a Message-ID, the id is a hash of the recipient and of the properties that providers do not change (see `content`).
 */
export function identityOf(recipient: string, traits: Traits): string {
  const { messageId, from = [], date = '', subject = '' } = traits;
  const mail =
    messageId === undefined
      ? ['content', ...content(traits)]
      : ['id', messageId.toLowerCase(), addresses(from.slice(0, 1)), date, squeezed(subject)];
  return createHash('sha256')
    .update(JSON.stringify([canonical(recipient), ...mail]))
    .digest('base64url');
}

/**
 * First year of the dates by which two mails are distinguished. An earlier date may come from a clock that was never set: such a
 * clock starts in 1970, 1980 or 2000 at each power-up.
 */
const CLOCKS_ARE_SET = '2020';

/**
 * Returns the properties that providers do not change. Addresses are used without names, and texts without repeated white space,
 * since providers fold and trim white space differently. HTML is preferred to text, since Mailgun adds a plain text if a mail has
 * none. A device without a clock may send the same content repeatedly, and incomplete mails may differ only in the missing part.
 * Therefore `reception` replaces a missing or early date, and the date of an incomplete mail.
 */
function content({ from, to, date = '', subject = '', text, html, attachments = [], incomplete, reception }: Traits) {
  const distinct = date >= CLOCKS_ARE_SET && !incomplete;
  return [
    addresses(from),
    addresses(to),
    squeezed(subject),
    squeezed(html ?? text ?? ''),
    attachments
      .map(({ sha256 }) => sha256)
      .toSorted()
      .join(','),
    distinct ? date : reception,
  ];
}

function addresses(list: readonly InboundMailbox[] = []): string {
  return list.map(({ address }) => address.toLowerCase()).join(',');
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function canonical(recipient: string): string {
  const parsed = parseMailbox(recipient);
  return ('problem' in parsed ? recipient : parsed.address).trim().toLowerCase();
}
