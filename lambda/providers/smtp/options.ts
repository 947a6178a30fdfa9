import type { OptionFields } from '../option-fields.ts';

/** Options of an SMTP server. Its secret contains `username` and `password`; an empty `username` means no login. */
export interface SmtpOptions {
  /** Host name of the server, without scheme or port. */
  readonly host: string;
  /**
   * Port: 587 for STARTTLS, 465 for implicit TLS. AWS blocks 25 by default.
   * @default 587
   */
  readonly port?: number;
  /**
   * `starttls` refuses to continue without TLS, `implicit` begins with it, `none` sends unencrypted.
   * @default 'starttls', or 'implicit' on port 465
   */
  readonly tls?: 'starttls' | 'implicit' | 'none';
  /**
   * Name given in EHLO.
   * @default - nodemailer's: the host name of the machine
   */
  readonly clientName?: string;
  /**
   * Whether the server offers SMTPUTF8, so that it accepts non-ASCII local parts.
   * @default false
   */
  readonly smtpUtf8?: boolean;
  /**
   * Largest message in bytes that the server accepts (its SIZE).
   * @default 26214400
   */
  readonly maxBytes?: number;
}

/** The check of the options. */
export function checkOptions({ z, whole, words }: OptionFields) {
  return z.strictObject({
    host: z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/, 'must be a host name, without scheme or port'),
    port: whole(1, 65_535).optional(),
    tls: z.enum(['starttls', 'implicit', 'none']).optional(),
    clientName: words.optional(),
    smtpUtf8: z.boolean().optional(),
    maxBytes: z.int().min(1).optional(),
  });
}
