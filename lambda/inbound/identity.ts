import { createHash } from 'node:crypto';
import type { InboundMessage } from '../contract/inbound.ts';
import { parseMailbox } from '../mail/address.ts';

/** What of a message tells which mail it is. */
export type Traits = Pick<InboundMessage, 'messageId' | 'from' | 'to' | 'date' | 'subject' | 'text' | 'html'>;

/**
 * The id of one mail to one recipient: the same for every copy, whichever provider and form it comes over.
 *
 * Message-ID and recipient, regardless of case; of a mail without Message-ID what no provider changes.
 */
export function identityOf(recipient: string, traits: Traits): string {
  const { messageId } = traits;
  const mail = messageId === undefined ? ['content', ...content(traits)] : ['id', messageId.toLowerCase()];
  return createHash('sha256')
    .update(JSON.stringify([canonical(recipient), ...mail]))
    .digest('base64url');
}

/** Addresses without names, and texts without the white space that providers fold and trim in their own ways. */
function content({ from = [], to = [], date = '', subject = '', text, html }: Traits): string[] {
  const addresses = (list: readonly { address: string }[]) =>
    list.map(({ address }) => address.toLowerCase()).join(',');
  return [addresses(from), addresses(to), date, squeezed(subject), squeezed(text ?? html ?? '')];
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function canonical(recipient: string): string {
  const parsed = parseMailbox(recipient);
  return ('problem' in parsed ? recipient : parsed.address).trim().toLowerCase();
}
