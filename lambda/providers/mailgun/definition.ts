import type { ProviderDefinition } from '../provider.ts';

/** Mailgun's HTTP API with raw MIME: the same message as for SES and SMTP. */
export const definition: ProviderDefinition = {
  type: 'mailgun',
  title: 'Mailgun',
  limits: {
    // documentation.mailgun.com, send-http and batch-sending (2026-11-23): 25 MB uncompressed, 1,000 recipients per call.
    maxBytes: 25 * 1024 * 1024,
    maxRecipients: 1000,
    // The same page: addresses are checked against RFC 5321, 5322 and 6854; RFC 6531 is not mentioned.
    smtpUtf8: false,
    quotedLocalPart: true,
  },
  secretFields: ['apiKey'],
  inbound: {
    secretFields: ['inboundPath', 'signingKey'],
    // `apiKey` reads stored mail, which a domain sending key may not; so it differs from the sender's.
    optionalSecretFields: ['previousSigningKey', 'apiKey'],
  },
};
