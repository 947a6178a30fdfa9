import type { Checked, OptionFields } from '../option-fields.ts';

const IDENTITY_ARN = /^arn:aws[a-z-]*:ses:(\*|[a-z0-9-]+):\d{12}:identity\/(.+)$/;

/** Options of an Amazon SES provider. It needs no secret: requests are signed with the role of the Lambda function. */
export function checkOptions({ z, identity, list }: OptionFields) {
  const setName = z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ -')
    .optional();
  return z.strictObject({
    /**
     * AWS region in which SES sends the mail.
     * @default - the region of the stack
     */
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region such as `eu-west-1`')
      .optional(),
    /**
     * Verified identities (domains or addresses) that may be used in From. A domain includes its subdomains. The IAM permissions
     * allow only these identities.
     */
    identities: list(identity),
    /**
     * Name of the SES configuration set for all mail without tracking. Delivery events need a configuration set.
     * @default - none; with `events`, the stack creates a configuration set, unless `trackingSets` names one
     */
    configurationSet: setName,
    /**
     * Names of configuration sets that track opens, clicks or both, since SES tracks only through configuration sets. A message
     * is sent with the set that tracks exactly what the message asks for. If there is no such set, the message is sent with
     * `configurationSet`, which should track nothing.
     * @default - none: mail through this provider is not tracked
     */
    trackingSets: z.strictObject({ opens: setName, clicks: setName, both: setName }).optional(),
    /**
     * ARN of an SES identity in another AWS account. The owner of the identity must allow our account to send with it ("sending
     * authorization" of SES).
     * @default - the identities belong to our own account
     */
    fromIdentityArn: z.string().regex(IDENTITY_ARN, 'must be the ARN of an SES identity').optional(),
  });
}

export type SesOptions = Checked<typeof checkOptions>;

/** Options for receiving mail through Amazon SES. A receipt rule writes mail of any size to the S3 bucket for mail. */
export const checkInbound = ({ z, identity, list, preference, canary }: OptionFields) =>
  z.strictObject({
    /** Domains or addresses to which the receipt rule applies. */
    recipients: list(identity),
    /**
     * Canaries (test mails) to an address at a domain whose only MX is this provider, as for the other provider types. The
     * receipt rule also applies to this address.
     * @default - no canary is sent
     */
    canary,
    /**
     * Name of the receipt rule set to which the rule is added. Only one rule set can be active in a region.
     * @default - a new rule set, which an operator has to make active
     */
    ruleSetName: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be the name of a receipt rule set')
      .optional(),
    /**
     * Preference number in this provider's MX records. An alarm is raised when mail is received through a provider whose
     * preference is not the lowest number.
     * @default - equal to the lowest preference of all providers
     */
    preference,
  });

export type SesInboundOptions = Checked<typeof checkInbound>;

/**
 * Returns an error text for each problem in options that {@link checkOptions} accepts: domains outside the identities, or an
 * identity of another account with a different region or name.
 */
export function problemsOf(
  { fromIdentityArn, region, identities }: SesOptions,
  fromDomains: readonly string[] = [],
): string[] {
  const [, arnRegion, arnName] = IDENTITY_ARN.exec(fromIdentityArn ?? '') ?? [];
  // Mail must be sent from the region in which the owner verified the identity
  // (sending-authorization-delegate-sender-tasks-email, 2026-11-28).
  const isOtherRegion = region !== undefined && arnRegion !== undefined && arnRegion !== '*' && arnRegion !== region;
  return [
    ...fromDomains
      .filter((name) => !identities.some((identity) => name === identity || name.endsWith(`.${identity}`)))
      .map((name) => `fromDomains: ${name} is not below any of the identities, which alone may send`),
    ...(isOtherRegion ? [`options.fromIdentityArn: is of ${arnRegion}, and this provider sends from ${region}`] : []),
    ...identities
      .filter((name) => arnName && name !== arnName && !name.endsWith(`@${arnName}`) && !name.endsWith(`.${arnName}`))
      .map((name) => `options.identities: ${name} is not below the identity of fromIdentityArn`),
  ];
}
