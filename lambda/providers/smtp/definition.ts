import { defined } from '../../platform/defined.ts';
import type { ProviderDefinition } from '../provider.ts';
import { checkOptions, type SmtpOptions } from './options.ts';

/**
 * Properties of a plain SMTP server for deployment and routing; its options state what the configured server can do in
 * addition.
 *
 * SMTP has no command to ask about an earlier transaction (RFC 5321, 2026-11-25): an attempt with an unknown outcome
 * stays unknown unless a bounce resolves it.
 */
export const definition: ProviderDefinition<SmtpOptions, never> = {
  type: 'smtp',
  title: 'SMTP',
  checkOptions,
  limits: {
    // 25 MiB, the SIZE that most servers announce; the server's own SIZE is respected as well.
    maxBytes: 26_214_400,
    // RFC 5321 4.5.3.1.8 (2026-11-23): every server accepts at least 100 recipients.
    maxRecipients: 100,
    smtpUtf8: false,
    quotedLocalPart: true,
  },
  // An empty `username` means a server without login.
  secretFields: ['username', 'password'],
  // The limit of an SMTP server is an option, since each server has its own.
  limitsOf: ({ maxBytes, smtpUtf8 }) => defined({ maxBytes: maxBytes || undefined, smtpUtf8: smtpUtf8 || undefined }),
  vendorHost: ({ host }) => host,
  sandbox: 'Opens a session with TLS and login, and offers it no mail.',
  askable: false,
  load: () => import('./send.ts'),
  events: { over: 'mail', load: () => import('./events.ts') },
};
