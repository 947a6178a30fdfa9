import type { ProviderDefinition } from '../provider.ts';
import { checkOptions, type SendgridOptions } from './options.ts';

/** SendGrid's HTTP API v3, Mail Send: fields in JSON. It cannot be asked about a message, see `send.ts`. */
export const definition: ProviderDefinition<SendgridOptions, never> = {
  type: 'sendgrid',
  title: 'SendGrid',
  checkOptions,
  limits: {
    // docs.sendgrid.com/api-reference/mail-send/limitations (2026-11-28): less than 30 MB with attachments, 1,000
    // recipients over To, Cc and Bcc; its SMTP servers announce a SIZE of 31457280 (mautic/mautic#8721, 2026-11-28).
    maxBytes: 30 * 1024 * 1024 - 1,
    maxRecipients: 1000,
    // A non-ASCII local part is answered 202, and the mail then dropped (sendgrid/sendgrid-csharp#656 and #255, 2026-11-28): a
    // refusal that the answer does not show.
    smtpUtf8: false,
    // Quoted local parts are not documented; SendGrid may accept and drop such mail in the same way.
    quotedLocalPart: false,
    // The content of an attachment has at least one character (docs.sendgrid.com/api-reference/mail-send/errors, 2026-11-28).
    emptyAttachments: false,
    // The same page: neither the file name nor the Content-ID of an attachment may have a semicolon or a comma.
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
