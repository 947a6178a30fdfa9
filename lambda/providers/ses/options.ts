import type { Checked, OptionFields } from '../option-fields.ts';

const IDENTITY_ARN = /^arn:aws[a-z-]*:ses:(\*|[a-z0-9-]+):\d{12}:identity\/(.+)$/;

/** Options of an Amazon SES provider. It needs no secret: requests are signed with the role of the function. */
export function checkOptions({ z, identity, list }: OptionFields) {
  const setName = z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ -')
    .optional();
  return z.strictObject({
    /**
     * Region whose SES account sends.
     * @default - the region of the stack
     */
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region such as `eu-west-1`')
      .optional(),
    /** Verified identities (domains or addresses) that may be used in From; IAM allows only these. */
    identities: list(identity),
    /**
     * Configuration set, needed for delivery events.
     * @default - none
     */
    configurationSet: setName,
    /**
     * Configuration sets that track, by what they track, since SES has no other option for it. A message that asks for
     * tracking uses the one that does exactly that, otherwise `configurationSet`, which should track nothing.
     * @default - none: mail over this provider is not tracked
     */
    trackingSets: z.strictObject({ opens: setName, clicks: setName, both: setName }).optional(),
    /**
     * ARN of an identity of another account, whose owner allows our account to send (SES: sending authorization).
     * @default - identities of this account
     */
    fromIdentityArn: z.string().regex(IDENTITY_ARN, 'must be the ARN of an SES identity').optional(),
  });
}

export type SesOptions = Checked<typeof checkOptions>;

/** How Amazon SES receives mail: a receipt rule writes it to the mail bucket, at any size. */
export const checkInbound = ({ z, identity, list, preference, canary }: OptionFields) =>
  z.strictObject({
    /** Domains or addresses that the rule applies to. */
    recipients: list(identity),
    /**
     * Canaries to the MX of this provider alone, as for the other types; the rule accepts their address as well.
     * @default - none is sent
     */
    canary,
    /**
     * Name of the receipt rule set that gets the rule. Only one can be active in a region.
     * @default - a new one, which still has to be made active
     */
    ruleSetName: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be the name of a receipt rule set')
      .optional(),
    /**
     * Preference of its MX record; mail through one that is not the lowest raises an alarm.
     * @default - as good as the best
     */
    preference,
  });

export type SesInboundOptions = Checked<typeof checkInbound>;

/** Faults of options that have their form. */
export function problemsOf(
  { fromIdentityArn, region, identities }: SesOptions,
  fromDomains: readonly string[] = [],
): string[] {
  const [, place, lent] = IDENTITY_ARN.exec(fromIdentityArn ?? '') ?? [];
  // SES requires the region in which the owner verified the identity (sending-authorization-delegate-sender-tasks-email, 2026-11-28).
  const elsewhere = region !== undefined && place !== undefined && place !== '*' && place !== region;
  return [
    ...fromDomains
      .filter((name) => !identities.some((identity) => name === identity || name.endsWith(`.${identity}`)))
      .map((name) => `fromDomains: ${name} is not below any of the identities, which alone may send`),
    ...(elsewhere ? [`options.fromIdentityArn: is of ${place}, and this provider sends from ${region}`] : []),
    ...identities
      .filter((name) => lent && name !== lent && !name.endsWith(`@${lent}`) && !name.endsWith(`.${lent}`))
      .map((name) => `options.identities: ${name} is not below the identity of fromIdentityArn`),
  ];
}
