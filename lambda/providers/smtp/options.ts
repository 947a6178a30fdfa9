import type { Checked, OptionFields } from '../option-fields.ts';

/** Options of an SMTP provider. Its secret contains `username` and `password`. If `username` is empty, there is no login. */
export const checkOptions = ({ z, whole, words }: OptionFields) =>
  z.strictObject({
    /** Host name of the server, without scheme or port. */
    host: z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/, 'must be a host name, without scheme or port'),
    /**
     * Port of the server: 587 for STARTTLS, 465 for implicit TLS. AWS blocks port 25 by default.
     * @default 587, or 465 if `tls` is 'implicit'
     */
    port: whole(1, 65_535).optional(),
    /**
     * `starttls`: the connection begins without TLS, and STARTTLS is required before login and mail. `implicit`: the connection
     * begins with TLS. `none`: mail and login are sent unencrypted.
     * @default 'starttls', or 'implicit' on port 465
     */
    tls: z.enum(['starttls', 'implicit', 'none']).optional(),
    /**
     * Name that the client sends in EHLO.
     * @default - the default of nodemailer: the host name of the machine
     */
    clientName: words.optional(),
    /**
     * Whether the server supports SMTPUTF8, and therefore non-ASCII local parts.
     * @default false
     */
    smtpUtf8: z.boolean().optional(),
    /**
     * Largest size of a message that the server accepts, in bytes (its SIZE).
     * @default 26214400
     */
    maxBytes: z.int().min(1).optional(),
  });

export type SmtpOptions = Checked<typeof checkOptions>;
