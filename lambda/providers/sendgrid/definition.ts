import type { ProviderDefinition } from '../provider.ts';
import { checkOptions, type SendgridOptions } from './options.ts';

/**
 * Definition of SendGrid, which is used through its HTTP API v3 (Mail Send). A request to this API contains the fields of a mail
 * as JSON. SendGrid cannot be asked about a message, see `send.ts`.
 */
export const definition: ProviderDefinition<SendgridOptions, never> = {
  type: 'sendgrid',
  title: 'SendGrid',
  checkOptions,
  limits: {
    // docs.sendgrid.com/api-reference/mail-send/limitations (2026-11-28): less than 30 MB with attachments, 1,000 recipients in
    // To, Cc and Bcc together. SendGrid's SMTP servers announce a SIZE of 31457280 (mautic/mautic#8721, 2026-11-28).
    maxBytes: 30 * 1024 * 1024 - 1,
    maxRecipients: 1000,
    // SendGrid answers mail to a non-ASCII local part with 202, and then drops the mail (sendgrid/sendgrid-csharp#656 and #255,
    // 2026-11-28).
    smtpUtf8: false,
    // The documentation does not mention quoted local parts. SendGrid may accept mail to a quoted local part and then drop it, as
    // it does with non-ASCII local parts.
    quotedLocalPart: false,
    // The content of an attachment must have at least one character (docs.sendgrid.com/api-reference/mail-send/errors,
    // 2026-11-28).
    emptyAttachments: false,
    // mail-send/errors (2026-11-28): neither the file name nor the Content-ID of an attachment may have a semicolon or a comma.
    forbiddenInAttachmentNames: ';,',
  },
  secretFields: ['apiKey'],
  sandbox:
    'Sends with `sandbox_mode`: SendGrid checks the request, answers 200, and bills nothing (twilio.com/docs/sendgrid, sandbox-mode, 2026-11-29).',
  askable: false,
  load: () => import('./send.ts'),
  ownList: { mostAdded: 0, load: () => import('./own-list.ts') },
  events: {
    over: 'http',
    secretFields: ['verificationKey'],
    optionalSecretFields: ['previousVerificationKey'],
    load: () => import('./events.ts'),
  },
};
