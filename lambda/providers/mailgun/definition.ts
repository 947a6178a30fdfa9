import { defined } from '../../platform/defined.ts';
import type { ProviderDefinition } from '../provider.ts';
import type { MailgunMissedOptions } from './missed.ts';
import { checkInbound, checkOptions, type MailgunInboundOptions, type MailgunOptions } from './options.ts';

/** Definition of Mailgun, which is used through its HTTP API. Mailgun gets the raw MIME message, as SES and SMTP servers do. */
export const definition: ProviderDefinition<MailgunOptions, MailgunInboundOptions> = {
  type: 'mailgun',
  title: 'Mailgun',
  checkOptions,
  limits: {
    // documentation.mailgun.com, send-http and batch-sending (2026-11-23): 25 MB uncompressed, 1,000 recipients per call.
    maxBytes: 25 * 1024 * 1024,
    maxRecipients: 1000,
    // documentation.mailgun.com (2026-11-23): Mailgun checks addresses against RFC 5321, 5322 and 6854. RFC 6531 is not
    // mentioned.
    smtpUtf8: false,
    quotedLocalPart: true,
  },
  secretFields: ['apiKey'],
  account: ({ domain, region = 'us' }) => ({ domain, region }),
  sandbox:
    'Sends with `o:testmode`: Mailgun accepts, logs and bills the mail, and delivers none of it (documentation.mailgun.com, send-http, 2026-11-23).',
  askable: true,
  load: () => import('./send.ts'),
  ownList: { mostAdded: 10_000, load: () => import('./own-list.ts') },
  events: {
    over: 'http',
    secretFields: ['signingKey'],
    optionalSecretFields: ['previousSigningKey'],
    load: () => import('./events.ts'),
  },
  inbound: {
    over: 'http',
    // Mailgun posts raw MIME only to URLs that end in `mime` (user-manual/receive-forward-store, 2026-11-23). A URL that ends in
    // `store` is for notifications about stored mail, which operators can then recognise in Mailgun's logs.
    pathEnds: ['mime', 'store'],
    checkOptions: checkInbound,
    received: ({ domains }) => domains,
    // Mailgun adds these headers if the spam filter of the domain is on (documentation.mailgun.com, "Spam Filter", 2026-11-25).
    filterHeaders: {
      flag: 'x-mailgun-sflag',
      score: 'x-mailgun-sscore',
      spf: 'x-mailgun-spf',
      dkim: 'x-mailgun-dkim-check-result',
      server: /(^|\.)mailgun\.(org|net|com)$/,
    },
    secretFields: ['inboundPath', 'signingKey'],
    // `apiKey` is needed to read stored mail. The key in the sending account's secret may be a domain sending key, which may not
    // read stored mail.
    optionalSecretFields: ['previousSigningKey', 'apiKey'],
    load: () => import('./inbound.ts'),
    missed: {
      options: ({ region }, { domains }): MailgunMissedOptions => ({ ...defined({ region }), domains }),
      load: () => import('./missed.ts'),
    },
  },
};
