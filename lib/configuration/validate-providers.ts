import { z } from 'zod';
import { canaryProblems } from '../../lambda/contract/canary-problems.ts';
import { allowedFrom, allows } from '../../lambda/contract/from-domains.ts';
import {
  type InboundType,
  PROVIDER_DEFAULTS,
  PROVIDER_TYPES,
  type ProviderConfig,
  type ProviderType,
  type SesOptions,
} from '../../lambda/contract/providers.ts';
import { parseMailbox } from '../../lambda/mail/address.ts';
import type { ProviderDefinition } from '../../lambda/providers/provider.ts';

/** Limits and secret fields of each provider type, from its definition. */
export type Definitions = Readonly<Record<ProviderType, Pick<ProviderDefinition, 'limits' | 'secretFields'>>>;

/** A configuration that must not be deployed; the message names every fault with index, key and reason. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

const LABEL = '[a-z0-9]([a-z0-9-]*[a-z0-9])?';
const domain = z.string().regex(new RegExp(`^${LABEL}(\\.${LABEL})+$`), 'must be a domain in lower case (A-labels)');
const identity = z
  .string()
  .regex(
    new RegExp(`^([^@\\s*?]+@)?${LABEL}(\\.${LABEL})+$`),
    'must be a domain or an address, its domain in lower case',
  );
const list = <T extends z.ZodType>(item: T) => z.array(item).min(1, 'must not be empty');
const words = z.string().min(1, 'must not be empty');
/** Name of a class; the `class` of a submission follows the same rule. */
export const className = z
  .string()
  .max(64, 'must have at most 64 characters')
  .regex(/^\P{Cc}+$/u, 'must be text of one line');
const whole = (least: number, most: number) => z.int().min(least).max(most);

const configurationSet = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ -')
  .optional();
const IDENTITY_ARN = /^arn:aws[a-z-]*:ses:(\*|[a-z0-9-]+):\d{12}:identity\/(.+)$/;

const options = {
  ses: z.strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region such as `eu-west-1`')
      .optional(),
    identities: list(identity),
    configurationSet,
    trackingSets: z
      .strictObject({ opens: configurationSet, clicks: configurationSet, both: configurationSet })
      .optional(),
    fromIdentityArn: z.string().regex(IDENTITY_ARN, 'must be the ARN of an SES identity').optional(),
  }),
  mailgun: z.strictObject({ domain, region: z.enum(['us', 'eu']).optional() }),
  postmark: z.strictObject({ messageStream: words.optional() }),
  sendgrid: z.strictObject({ region: z.enum(['us', 'eu']).optional() }),
  smtp: z.strictObject({
    host: z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/, 'must be a host name, without scheme or port'),
    port: whole(1, 65_535).optional(),
    tls: z.enum(['starttls', 'implicit', 'none']).optional(),
    clientName: words.optional(),
    smtpUtf8: z.boolean().optional(),
    maxBytes: z.int().min(1).optional(),
  }),
} satisfies Record<ProviderType, z.ZodType>;

const CIDR =
  /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\/([12]?\d|3[0-2])|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\/(\d\d?|1[01]\d|12[0-8]))$/;
const secretName = z
  .string()
  .regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'must be the name of a secret in Secrets Manager, not its ARN');
const mailAddress = z
  .string()
  .refine((text) => !('problem' in parseMailbox(text)), 'must be one address, without a name');
const canary = z
  .strictObject({ to: mailAddress, from: mailAddress.optional(), everyMinutes: whole(5, 1_440) })
  .optional();
const preference = whole(0, 65_535).optional();
const webhook = {
  preference,
  canary,
  sourceRanges: list(z.string().regex(CIDR, 'must be an address range such as `3.134.147.250/32`')).optional(),
  secretName: secretName.optional(),
};
const posting = <T extends z.ZodRawShape>(more: T) =>
  z.union([z.literal(true), z.strictObject({ ...webhook, ...more })]).optional();
const DOMAINS = 'must name the domains that mail is received for, such as `{ domains: ["in.example.com"] }`';
/** Error text for a value that is no object; unknown fields have their own error. */
const shapeOr = (text: string) => ({
  error: ({ code }: { readonly code: string }) => (code === 'invalid_type' ? text : undefined),
});
const inbound = {
  ses: z
    .strictObject({
      recipients: list(identity),
      ruleSetName: z
        .string()
        .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be the name of a receipt rule set')
        .optional(),
      preference,
      canary,
    })
    .optional(),
  mailgun: z
    .strictObject({ ...webhook, domains: z.array(domain, DOMAINS).min(1, DOMAINS) }, shapeOr(DOMAINS))
    .optional(),
  postmark: posting({ blocked: z.enum(['receive', 'leave']).optional() }),
} satisfies Record<InboundType, z.ZodType>;

const RESOLVER = /^(\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?|[0-9A-Fa-f:]+:[0-9A-Fa-f:]*|\[[0-9A-Fa-f:]+\](:\d{1,5})?)$/;

function isCanonical(text: string): boolean {
  const mailbox = parseMailbox(text);
  return 'address' in mailbox && mailbox.address === text;
}

const common = {
  key: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must match [a-z][a-z0-9-]{0,31}'),
  media: z.literal('email', 'is reserved: only `email` exists').optional(),
  secretName: secretName.optional(),
  outbound: z.boolean().optional(),
  priority: z.int().optional(),
  weight: whole(0, 10_000).optional(),
  share: z.number().gt(0, 'must be above 0').max(1, 'must be at most 1').optional(),
  warmUp: z
    .strictObject({ start: z.iso.date(), from: z.number().gt(0, 'must be above 0'), days: whole(1, 365) })
    .optional(),
  deadlineMs: whole(1_000, 60_000).optional(),
  connectMs: whole(100, 60_000).optional(),
  maxPerSecond: z.number().min(0.1, 'must be at least 0.1').max(10_000, 'must be at most 10000').optional(),
  fromDomains: list(domain).optional(),
  substituteFrom: z
    .string()
    .refine(isCanonical, 'must be one address, without a name, its domain in lower case (A-labels)')
    .optional(),
  classes: list(className).optional(),
  canary,
  blocklists: z
    .strictObject({
      addresses: list(z.union([z.ipv4(), z.ipv6()], 'must be an IPv4 or IPv6 address')),
      zones: list(domain),
      resolvers: list(
        z.string().regex(RESOLVER, 'must be an address such as `192.0.2.53`, `192.0.2.53:5353` or `[2001:db8::53]:53`'),
      ).optional(),
    })
    .optional(),
  limits: z.strictObject({ maxBytes: z.int().min(1).optional(), maxRecipients: z.int().min(1).optional() }).optional(),
};

const schemas = {
  ses: z.strictObject({ ...common, type: z.literal('ses'), options: options.ses, inbound: inbound.ses }),
  mailgun: z.strictObject({
    ...common,
    type: z.literal('mailgun'),
    options: options.mailgun,
    inbound: inbound.mailgun,
  }),
  postmark: z.strictObject({
    ...common,
    type: z.literal('postmark'),
    options: options.postmark,
    inbound: inbound.postmark,
  }),
  sendgrid: z.strictObject({ ...common, type: z.literal('sendgrid'), options: options.sendgrid }),
  smtp: z.strictObject({ ...common, type: z.literal('smtp'), options: options.smtp }),
} satisfies Record<ProviderType, z.ZodType>;

/**
 * Refuses a provider list that could not work, with all of its faults at once.
 *
 * @throws ConfigurationError
 */
export function validateProviders(
  providers: unknown,
  definitions: Definitions,
): asserts providers is readonly ProviderConfig[] {
  if (!Array.isArray(providers)) throw new ConfigurationError(['it must be an ordered list']);
  const shape = providers.flatMap((entry: unknown, index) => shapeProblems(entry, index));
  // Checks across entries need every entry to have its shape.
  const problems = shape.length > 0 ? shape : listProblems(providers, definitions);
  const duplicates = duplicateKeys(providers);
  if (problems.length + duplicates.length > 0) throw new ConfigurationError([...problems, ...duplicates]);
}

function shapeProblems(entry: unknown, index: number): string[] {
  const { key, type } = (entry ?? {}) as { key?: unknown; type?: unknown };
  const known = PROVIDER_TYPES.find((candidate) => candidate === type);
  if (!known) return [at(index, key, `type: must be one of ${PROVIDER_TYPES.join(', ')}`)];
  const parsed = schemas[known].safeParse(entry);
  return (parsed.error?.issues ?? []).map((issue) =>
    at(index, key, [issue.path.join('.'), issue.message].filter(Boolean).join(': ')),
  );
}

function duplicateKeys(providers: readonly unknown[]): string[] {
  const keys = providers.map((entry) => (entry as { key?: unknown } | null)?.key);
  return keys.flatMap((key, index) => {
    const first = keys.indexOf(key);
    return typeof key === 'string' && first < index ? [at(index, key, `key: is taken by providers[${first}]`)] : [];
  });
}

function listProblems(providers: readonly ProviderConfig[], definitions: Definitions): string[] {
  const outbound = providers.filter((provider) => provider.outbound !== false);
  return [
    ...providers.flatMap((provider, index) =>
      ownProblems(provider, definitions[provider.type]).map((problem) => at(index, provider.key, problem)),
    ),
    ...(outbound.length === 0 ? ['no provider sends: at least one must not be `outbound: false`'] : []),
    ...providers
      .filter(({ type, inbound }) => type === 'ses' && inbound !== undefined)
      .slice(1)
      .map(({ key }) => at(keys(providers).indexOf(key), key, 'inbound: one provider of type ses can receive')),
    ...canaryProblems(providers).map(({ provider, problem }) => at(providers.indexOf(provider), provider.key, problem)),
    ...shareProblems(outbound),
    ...weightProblems(outbound).map(({ provider, problem }) => at(providers.indexOf(provider), provider.key, problem)),
  ];
}

const keys = (providers: readonly ProviderConfig[]) => providers.map(({ key }) => key);

function ownProblems(provider: ProviderConfig, definition: Definitions[ProviderType]): string[] {
  const { deadlineMs = PROVIDER_DEFAULTS.deadlineMs, connectMs = PROVIDER_DEFAULTS.connectMs, limits = {} } = provider;
  const problems: string[] = [];
  if (connectMs > deadlineMs) problems.push(`connectMs: ${connectMs} is longer than the deadline of ${deadlineMs}`);
  if (provider.warmUp && !(provider.warmUp.from < (provider.share ?? 0)))
    problems.push('warmUp: needs a share, and a beginning (from) below it');
  if (provider.type === 'ses')
    for (const name of provider.fromDomains ?? [])
      if (!provider.options.identities.some((identity) => name === identity || name.endsWith(`.${identity}`)))
        problems.push(`fromDomains: ${name} is not below any of the identities, which alone may send`);
  if (provider.type === 'ses') problems.push(...lentIdentityProblems(provider.options));
  problems.push(...substituteProblems(provider));
  if (provider.secretName && definition.secretFields.length === 0)
    problems.push(`secretName: type ${provider.type} needs no secret`);
  const most = {
    // The limit of an SMTP server is an option, since each server has its own.
    maxBytes: (provider.type === 'smtp' && provider.options.maxBytes) || definition.limits.maxBytes,
    maxRecipients: definition.limits.maxRecipients,
  };
  for (const name of ['maxBytes', 'maxRecipients'] as const) {
    const wanted = limits[name];
    if (wanted !== undefined && wanted > most[name])
      problems.push(`limits.${name}: ${wanted} is above ${most[name]}, which type ${provider.type} takes`);
  }
  return problems;
}

function substituteProblems(provider: ProviderConfig): string[] {
  const { substituteFrom } = provider;
  if (substituteFrom === undefined) return [];
  const allowed = allowedFrom(provider);
  if (!allowed) return ['substituteFrom: needs fromDomains, since mail from other domains gets the substitute'];
  return allows(allowed, substituteFrom) ? [] : ['substituteFrom: is none of the addresses that this provider may use'];
}

function lentIdentityProblems({ fromIdentityArn, region, identities }: SesOptions): string[] {
  const [, place, lent] = IDENTITY_ARN.exec(fromIdentityArn ?? '') ?? [];
  if (place === undefined || lent === undefined) return [];
  // SES requires the region in which the owner verified the identity (sending-authorization-delegate-sender-tasks-email, 2026-11-28).
  const elsewhere = region !== undefined && place !== '*' && place !== region;
  return [
    ...(elsewhere ? [`options.fromIdentityArn: is of ${place}, and this provider sends from ${region}`] : []),
    ...identities
      .filter((name) => name !== lent && !name.endsWith(`@${lent}`) && !name.endsWith(`.${lent}`))
      .map((name) => `options.identities: ${name} is not below the identity of fromIdentityArn`),
  ];
}

function shareProblems(outbound: readonly ProviderConfig[]): string[] {
  const sum = outbound.reduce((total, { share = 0 }) => total + share, 0);
  // Ten shares of 0.1 add up to a little more than 1 in binary.
  return sum > 1 + 1e-9 ? [`the shares of all providers add up to ${Number(sum.toFixed(6))}, which is above 1`] : [];
}

function weightProblems(outbound: readonly ProviderConfig[]): { provider: ProviderConfig; problem: string }[] {
  // The default priority is the place from the end of the list, as routing has it.
  const groups = Map.groupBy(outbound, (provider) => provider.priority ?? outbound.length - outbound.indexOf(provider));
  return [...groups.values()].flatMap((group) => {
    const total = group.reduce((sum, { weight = PROVIDER_DEFAULTS.weight }) => sum + weight, 0);
    return total > 0
      ? []
      : group.map((provider) => ({ provider, problem: 'weight: the weights of its priority add up to 0' }));
  });
}

function at(index: number, key: unknown, problem: string): string {
  return `providers[${index}]${typeof key === 'string' ? ` (${key})` : ''}: ${problem}`;
}
