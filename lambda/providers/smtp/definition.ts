import { defined } from '../../platform/defined.ts';
import type { ProviderDefinition } from '../provider.ts';
import { checkOptions, type SmtpOptions } from './options.ts';

/**
 * Definition of a provider that is any SMTP server. The limits apply to every server, and the options may state larger limits of
 * the configured server.
 *
 * SMTP has no command to ask about an earlier transaction (RFC 5321, 2026-11-25). An unknown outcome of an attempt stays unknown,
 * unless a bounce report proves that the server accepted the message.
 */
export const definition: ProviderDefinition<SmtpOptions, never> = {
  type: 'smtp',
  title: 'SMTP',
  checkOptions,
  limits: {
    // 25 MiB is the SIZE that most servers announce. In addition, a message is not sent if it is larger than the SIZE that the
    // server announces.
    maxBytes: 26_214_400,
    // RFC 5321 4.5.3.1.8 (2026-11-23): every server accepts at least 100 recipients.
    maxRecipients: 100,
    smtpUtf8: false,
    quotedLocalPart: true,
  },
  // If `username` is empty, there is no login.
  secretFields: ['username', 'password'],
  limitsOf: ({ maxBytes, smtpUtf8 }) => defined({ maxBytes, smtpUtf8 }),
  vendorHost: ({ host }) => host,
  sandbox: 'Opens a session with TLS and login, and sends no mail in it.',
  askable: false,
  load: () => import('./send.ts'),
  events: { over: 'mail', load: () => import('./events.ts') },
};
