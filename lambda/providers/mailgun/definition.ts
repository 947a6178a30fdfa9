import type { ProviderDefinition } from '../provider.ts';

/** Mailgun's HTTP API, raw MIME: the message is the same one that SES and SMTP get. */
export const definition: ProviderDefinition = {
  type: 'mailgun',
  limits: {
    // documentation.mailgun.com, send-http and batch-sending (2026-11-23): 25 MB uncompressed, 1,000 recipients a call.
    maxBytes: 25 * 1024 * 1024,
    maxRecipients: 1000,
    // The same page: addresses are checked against RFC 5321, 5322 and 6854; RFC 6531 is not among them.
    smtpUtf8: false,
    quotedLocalPart: true,
  },
  secretFields: ['apiKey'],
  inbound: {
    secretFields: ['inboundPath', 'signingKey'],
    // `apiKey` reads stored mail: a domain sending key may not, so it is another one than that of the sender.
    optionalSecretFields: ['previousSigningKey', 'apiKey'],
  },
};
