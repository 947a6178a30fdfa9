import type { MessageFacts } from '../../../lambda/routing/ability.ts';

/** Facts of a short message to one recipient. */
export const facts: MessageFacts = {
  bytes: 1_000,
  bodyBytes: 100,
  recipients: ['ada@example.org'],
  visibleRecipients: 1,
  fromAddress: 'a@example.com',
  replyTo: [],
  emptyAttachment: false,
  calendar: false,
  attachmentNames: [],
  extensions: [],
};
