import type { Checked, OptionFields } from '../option-fields.ts';

/** Options of an SMTP server. Its secret contains `username` and `password`; an empty `username` means no login. */
export const checkOptions = ({ z, whole, words }: OptionFields) =>
  z.strictObject({
    /** Host name of the server, without scheme or port. */
    host: z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/, 'must be a host name, without scheme or port'),
    /**
     * Port of the server: 587 for STARTTLS, 465 for implicit TLS. AWS blocks port 25 by default.
     * @default 587
     */
    port: whole(1, 65_535).optional(),
    /**
     * `starttls` requires STARTTLS, and sends no mail without TLS; `implicit` begins the connection with TLS; `none` sends
     * unencrypted.
     * @default 'starttls', or 'implicit' on port 465
     */
    tls: z.enum(['starttls', 'implicit', 'none']).optional(),
    /**
     * Name that the client sends in EHLO.
     * @default - the default of nodemailer: the host name of the machine
     */
    clientName: words.optional(),
    /**
     * Whether the server offers SMTPUTF8, and therefore accepts non-ASCII local parts.
     * @default false
     */
    smtpUtf8: z.boolean().optional(),
    /**
     * Size in bytes of the largest message that the server accepts (its SIZE).
     * @default 26214400
     */
    maxBytes: z.int().min(1).optional(),
  });

export type SmtpOptions = Checked<typeof checkOptions>;
