import type { ProviderDefinition } from '../provider.ts';
import type { PostmarkMissedOptions } from './missed.ts';
import { checkInbound, checkOptions, type PostmarkInboundOptions, type PostmarkOptions } from './options.ts';

/** Definition of Postmark, which is used through its HTTP API. */
export const definition: ProviderDefinition<PostmarkOptions, PostmarkInboundOptions> = {
  type: 'postmark',
  title: 'Postmark',
  checkOptions,
  limits: {
    // postmarkapp.com/support/article/1056 (2026-11-23): 10 MB in total after base64, text and HTML 5 MB each.
    maxBytes: 10 * 1024 * 1024,
    maxBodyBytes: 5 * 1024 * 1024,
    // postmarkapp.com/developer/api/overview (2026-11-23): 50 addresses in To, Cc and Bcc together.
    maxRecipients: 50,
    smtpUtf8: false,
    // postmarkapp.com/support/article/1180 (2026-11-28) states the pattern of an allowed mailbox, which has no quotes and no
    // question mark.
    quotedLocalPart: false,
    forbiddenInLocalPart: '?',
    // Postmark refuses an empty attachment with "Zero-sized attachments not allowed" (several public reports; 2026-11-28).
    emptyAttachments: false,
    // postmarkapp.com/support/article/1101 (2026-11-28): Postmark sends a calendar invitation as an attachment, which mail
    // programs show as a file.
    calendar: false,
    visibleRecipient: true,
    // Postmark refuses attachments with these extensions with ErrorCode 411
    // (postmarkapp.com/developer/user-guide/send-email-with-api, 2026-11-23).
    forbiddenExtensions: (
      'vbs exe bin bat chm com cpl crt hlp hta inf ins isp jse lnk mdb pcd pif reg scr sct shs vbe vba wsf wsh wsl ' +
      'msc msi msp mst'
    ).split(' '),
  },
  secretFields: ['serverToken'],
  account: ({ messageStream = 'outbound' }) => ({ messageStream }),
  sandbox:
    'Sends with the token `POSTMARK_API_TEST`: Postmark checks the request, answers as if it had accepted the mail, and bills nothing (postmarkapp.com/developer/user-guide/sandbox-mode, 2026-11-23).',
  askable: true,
  load: () => import('./send.ts'),
  ownList: { mostAdded: 2_000, load: () => import('./own-list.ts') },
  events: {
    over: 'http',
    secretFields: ['eventsUsername', 'eventsPassword'],
    optionalSecretFields: ['previousEventsPassword'],
    load: () => import('./events.ts'),
  },
  inbound: {
    over: 'http',
    checkOptions: checkInbound,
    // postmarkapp.com/developer/webhooks/inbound-webhook (2026-11-25): SpamAssassin checks every mail.
    filterHeaders: {
      flag: 'x-spam-status',
      score: 'x-spam-score',
      spf: 'received-spf',
      dkim: '',
      tests: 'x-spam-tests',
      server: /(^|\.)(postmarkapp\.com|mtasv\.net)$/,
    },
    secretFields: ['inboundPath', 'inboundUsername', 'inboundPassword'],
    optionalSecretFields: ['previousInboundPassword'],
    load: () => import('./inbound.ts'),
    missed: {
      options: (_options, inbound): PostmarkMissedOptions =>
        inbound !== true && inbound.blocked ? { blocked: inbound.blocked } : {},
      needsAccount: true,
      load: () => import('./missed.ts'),
    },
  },
};
