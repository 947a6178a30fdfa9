import { defined } from '../../platform/defined.ts';
import type { ProviderDefinition } from '../provider.ts';
import type { MailgunMissedOptions } from './missed.ts';
import { checkInbound, checkOptions, type MailgunInboundOptions, type MailgunOptions } from './options.ts';

/** Mailgun's HTTP API with raw MIME: the same message as for SES and SMTP. */
export const definition: ProviderDefinition<MailgunOptions, MailgunInboundOptions> = {
  type: 'mailgun',
  title: 'Mailgun',
  checkOptions,
  limits: {
    // documentation.mailgun.com, send-http and batch-sending (2026-11-23): 25 MB uncompressed, 1,000 recipients per call.
    maxBytes: 25 * 1024 * 1024,
    maxRecipients: 1000,
    // The same page: addresses are checked against RFC 5321, 5322 and 6854; RFC 6531 is not mentioned.
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
    // Raw MIME is posted to URLs that end in `mime` only (user-manual/receive-forward-store, 2026-11-23); `store` tells the
    // notice of stored mail apart in the logs of the provider.
    pathEnds: ['mime', 'store'],
    checkOptions: checkInbound,
    received: ({ domains }) => domains,
    // documentation.mailgun.com, "Spam Filter" (2026-11-25): added when the domain's filter is on.
    filterHeaders: {
      flag: 'x-mailgun-sflag',
      score: 'x-mailgun-sscore',
      spf: 'x-mailgun-spf',
      dkim: 'x-mailgun-dkim-check-result',
      server: /(^|\.)mailgun\.(org|net|com)$/,
    },
    secretFields: ['inboundPath', 'signingKey'],
    // `apiKey` reads stored mail, which a domain sending key may not; so it differs from the sender's.
    optionalSecretFields: ['previousSigningKey', 'apiKey'],
    load: () => import('./inbound.ts'),
    missed: {
      options: ({ region }, { domains }): MailgunMissedOptions => ({ ...defined({ region }), domains }),
      load: () => import('./missed.ts'),
    },
  },
};
