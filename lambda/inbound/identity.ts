import { createHash } from 'node:crypto';
import type { InboundMailbox, InboundMessage } from '../contract/inbound.ts';
import { parseMailbox } from '../mail/address.ts';

/** What of a message tells which mail it is. */
export type Traits = Pick<
  InboundMessage,
  'messageId' | 'from' | 'to' | 'date' | 'subject' | 'text' | 'html' | 'attachments'
> & {
  /** Another copy of the mail may have more of it. */
  readonly incomplete: boolean;
  /** The same for every retry, and never for two mails. */
  readonly reception: string;
};

/**
 * The id of one mail to one recipient: the same for every copy, whichever provider and form it comes over.
 *
 * Recipient, Message-ID, address of the first sender, date and subject: a stranger who knows the Message-ID alone hides no
 * mail behind another one. Of a mail without Message-ID it is what no provider changes.
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

/** A clock that nobody has set begins with 1970, 1980 or 2000, each time anew: such a date tells no two mails apart. */
const CLOCKS_ARE_SET = '2020';

/**
 * Addresses without names, and texts without the white space that providers fold and trim in their own ways. Of both texts
 * the HTML: Mailgun makes a plain one of it where a mail has none. A device that writes no date either sends one content
 * again and again, and what is missing of an incomplete mail may be all that is new: then only the reception tells.
 */
function content({ from, to, date = '', subject = '', text, html, attachments = [], incomplete, reception }: Traits) {
  const told = date >= CLOCKS_ARE_SET && !incomplete;
  return [
    addresses(from),
    addresses(to),
    squeezed(subject),
    squeezed(html ?? text ?? ''),
    attachments
      .map(({ sha256 }) => sha256)
      .toSorted()
      .join(','),
    told ? date : reception,
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
