import type { MessageFacts } from '../../../lambda/routing/ability.ts';

/** The properties of a short message to one recipient on which the choice of providers depends. */
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
