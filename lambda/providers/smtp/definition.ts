import type { ProviderDefinition } from '../provider.ts';

/**
 * What deployment and routing must know of a plain SMTP server; its options say what the server at hand can do beyond this.
 *
 * SMTP has no command that asks about an earlier transaction (RFC 5321, 2026-11-25): an attempt whose answer was lost
 * stays unknown unless a bounce tells of it.
 */
export const definition: ProviderDefinition = {
  type: 'smtp',
  limits: {
    // 25 MiB, the SIZE that most servers announce; the server's own SIZE is obeyed besides.
    maxBytes: 26_214_400,
    // RFC 5321 4.5.3.1.8 (2026-11-23): every server takes at least 100 recipients.
    maxRecipients: 100,
    smtpUtf8: false,
    quotedLocalPart: true,
  },
  // An empty `username` means a server that asks for no login.
  secretFields: ['username', 'password'],
};
