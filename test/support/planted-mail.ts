import { domainToASCII } from 'node:url';
import type { Message } from '../../lambda/mail/message.ts';

/** A mail for tests of the log. Each of its fields contains a value that can be searched for. */
export const message: Message = {
  id: 'order-1',
  handle: 'h'.repeat(43),
  messageId: `<${'h'.repeat(43)}@plantedshop.example>`,
  date: new Date('2026-11-23T10:00:00Z'),
  from: { name: 'Plantedhector Shop', address: 'plantedhector@plantedshop.example' },
  to: [{ name: 'Ada Plantedlace', address: 'plantedada+vip@plantedb-zoa.example' }],
  cc: [{ address: `plantedcc@${domainToASCII('plantedbücher.example')}` }],
  bcc: [],
  replyTo: [{ address: 'plantedreply@plantedshop.example' }],
  subject: 'Plantedcode 471188 für Zoë',
  text: 'Dear Plantedgwen, your PIN is 9917-PLANTED.',
  headers: [['X-Order', 'Plantedorder-77']],
  attachments: [{ filename: 'plantedfile.pdf', contentType: 'application/pdf', content: Buffer.from('x') }],
  tag: 'plantedtag',
  metadata: { order: 'plantedmeta' },
};
/** A secret of a provider for tests of the log. */
export const SECRET = 'plantedsecret0123456789abcdef';

/** Values of the mail and of the secret. They must not be logged. */
export const PLANTED = [
  'plantedhector@plantedshop.example',
  'plantedada+vip@plantedb-zoa.example',
  'plantedcc@plantedbücher.example',
  'Ada Plantedlace',
  'Plantedcode 471188 für Zoë',
  'Plantedgwen',
  'Plantedorder-77',
  'plantedfile.pdf',
  'plantedmeta',
  SECRET,
  SECRET.slice(4, 20),
];
