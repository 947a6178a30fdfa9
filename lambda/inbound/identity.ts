import { createHash } from 'node:crypto';
import type { InboundMailbox, InboundMessage } from '../contract/inbound.ts';
import { parseMailbox } from '../mail/address.ts';

/** Properties of a message that identify its mail. */
export type Traits = Pick<
  InboundMessage,
  'messageId' | 'from' | 'to' | 'date' | 'subject' | 'text' | 'html' | 'attachments'
> & {
  /** Whether another copy of the mail may be more complete. */
  readonly incomplete: boolean;
  /** Id of the reception: the same for every retry, and different for every mail. */
  readonly reception: string;
};

/**
 * Id of one mail to one recipient: the same for every copy, from any provider in any form.
 *
 * Consists of recipient, Message-ID, address of the first sender, date and subject, so that a stranger who knows only the
 * Message-ID cannot hide one mail behind another. Without a Message-ID it consists of everything that providers do not
 * change.
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

/** Clocks that were never set start in 1970, 1980 or 2000 at each power-up: such a date does not distinguish one mail from another. */
const CLOCKS_ARE_SET = '2020';

/**
 * Addresses without names, and texts without white space, which providers fold and trim differently. Of text and HTML the
 * HTML, since Mailgun adds a plain text where a mail has none. A device without a clock may send the same content
 * repeatedly, and the missing part of an incomplete mail may be all that is new: in these cases the reception replaces
 * the date.
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
