import { defined } from '../../platform/defined.ts';
import type { ProviderDefinition } from '../provider.ts';
import { checkOptions, type SmtpOptions } from './options.ts';

/**
 * Properties of any SMTP server for deployment and routing. The options state what the configured server can do in addition.
 *
 * SMTP has no command to ask about an earlier transaction (RFC 5321, 2026-11-25): an unknown outcome of an attempt stays unknown,
 * unless a bounce shows what happened.
 */
export const definition: ProviderDefinition<SmtpOptions, never> = {
  type: 'smtp',
  title: 'SMTP',
  checkOptions,
  limits: {
    // 25 MiB is the SIZE that most servers announce. The SIZE that the server itself announces is respected as well.
    maxBytes: 26_214_400,
    // RFC 5321 4.5.3.1.8 (2026-11-23): every server accepts at least 100 recipients.
    maxRecipients: 100,
    smtpUtf8: false,
    quotedLocalPart: true,
  },
  // An empty `username` means a server without login.
  secretFields: ['username', 'password'],
  limitsOf: ({ maxBytes, smtpUtf8 }) => defined({ maxBytes, smtpUtf8 }),
  vendorHost: ({ host }) => host,
  sandbox: 'Opens a session with TLS and login, and offers it no mail.',
  askable: false,
  load: () => import('./send.ts'),
  events: { over: 'mail', load: () => import('./events.ts') },
};
