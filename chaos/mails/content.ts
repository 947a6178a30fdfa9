import { defined } from '../../lambda/platform/defined.ts';
import type { Random } from '../random.ts';
import type { ExpectedContent, ProducerAttachment, Trait } from './mail.ts';

/** Largest message of the outbound queue: see `lib/storage/queues.ts`. */
export const OUTBOUND_BYTES = 1_032_192;

/** Texts with which subjects begin: none, umlauts, other scripts, quotes, and text that looks like an encoded word. */
const SUBJECTS = ['', 'Ihre Bestellung: größer, ', '注文 ', 'A "quoted" <odd>, ', '=?utf-8?q?no?= ', '☕ '];
const TEXTS = [
  'Thank you for your order.',
  'Grüße,\n.\nfrom a shop\n',
  `${'A long line without any break. '.repeat(40)}`,
];
const TYPES = [
  { filename: 'invoice.pdf', contentType: 'application/pdf' },
  { filename: 'größe.csv', contentType: 'text/csv' },
  { filename: 'logo.png', contentType: 'image/png' },
] as const;

/** Draws the content of a mail; no two mails of a run have the same content. */
export function drawContent(random: Random, index: number, trait: Trait): ExpectedContent {
  const addresses = drawRecipients(random, index);
  const hidden = addresses.length > 1 && random.chance(0.4) ? 1 + random.int(addresses.length - 1) : 0;
  const shown = addresses.slice(0, addresses.length - hidden);
  const visible = shown.length > 1 ? 1 + random.int(shown.length) : 1;
  const subject = random.chance(0.8) ? '' : random.pick(SUBJECTS);
  return {
    to: shown.slice(0, visible),
    cc: shown.slice(visible),
    bcc: addresses.slice(shown.length),
    ...defined({ replyTo: random.chance(0.1) ? `answers-${index}@example.com` : undefined }),
    subject: `${trait === 'bad' ? 'bad ' : ''}${subject}mail ${index}`,
    text: trait === 'large' ? 'x'.repeat(OUTBOUND_BYTES - 4_096) : `${random.pick(TEXTS)} (${index})`,
    ...defined({
      html: random.chance(0.2) ? `<p>Order <b>${index}</b> &amp; thanks</p>` : undefined,
      order: random.chance(0.1) ? String(index) : undefined,
    }),
    attachments: random.chance(0.08) && trait !== 'large' ? drawAttachments(random, index) : [],
  };
}

function drawAttachments(random: Random, index: number): ProducerAttachment[] {
  return Array.from({ length: 1 + random.int(2) }, (_, place) => ({
    ...random.pick(TYPES),
    content: Buffer.from(`${index} ${place} ${'\0\xff\r\n'.repeat(random.int(40))}`, 'latin1'),
    ...defined({ key: random.chance(0.5) ? `submissions/attachments/${index}/${place}` : undefined }),
  }));
}

/**
 * Draws one to ten recipients. One recipient in a hundred is named "inactive": every provider refuses it. Two in a hundred are
 * named "busy": every provider greylists them half of the time.
 */
function drawRecipients(random: Random, index: number): string[] {
  const count = random.chance(0.9) ? 1 : random.chance(0.8) ? 2 + random.int(3) : 5 + random.int(6);
  return Array.from({ length: count }, (_, place) => {
    const draw = random.next();
    const kind = draw < 0.01 ? 'inactive' : draw < 0.03 ? 'busy' : 'reader';
    return `${kind}-${index}-${place}@example.org`;
  });
}
