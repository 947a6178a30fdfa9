import { z } from 'zod';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../../lambda/contract/providers.ts';
import { parseMailbox } from '../../lambda/mail/address.ts';
import { allowedFrom, allows } from '../../lambda/providers/from-domains.ts';
import { optionFields, type Shape } from '../../lambda/providers/option-fields.ts';
import { limitsOf, type ProviderDefinition } from '../../lambda/providers/provider.ts';
import type { ConfiguredProviders } from '../../lambda/providers/registry.ts';
import { canaryProblems } from './canary-problems.ts';
import { ConfigurationError, describeIssue } from './configuration-error.ts';

type Definitions = Readonly<Record<string, ProviderDefinition>>;

const { canary, domain, list, secretName, webhook, whole } = optionFields;

/** Schema of the name of a class of mail; the field `class` of a submission must have the same form. */
export const className = z
  .string()
  .max(64, 'must have at most 64 characters')
  .regex(/^\P{Cc}+$/u, 'must be text of one line');

const RESOLVER = /^(\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?|[0-9A-Fa-f:]+:[0-9A-Fa-f:]*|\[[0-9A-Fa-f:]+\](:\d{1,5})?)$/;

function isCanonical(text: string): boolean {
  const mailbox = parseMailbox(text);
  return 'address' in mailbox && mailbox.address === text;
}

const common = {
  key: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must match [a-z][a-z0-9-]{0,31}'),
  secretName: secretName.optional(),
  outbound: z.boolean().optional(),
  events: z
    .union([z.literal(true), z.strictObject({ sourceRanges: webhook.sourceRanges, secretName: webhook.secretName })])
    .optional(),
  priority: z.int().optional(),
  weight: whole(0, 10_000).optional(),
  share: z.number().gt(0, 'must be above 0').max(1, 'must be at most 1').optional(),
  warmUp: z
    .strictObject({ start: z.iso.date(), from: z.number().gt(0, 'must be above 0'), days: whole(1, 365) })
    .optional(),
  deadlineMs: whole(1_000, 60_000).optional(),
  connectMs: whole(100, 60_000).optional(),
  maxPerSecond: z.number().min(0.1, 'must be at least 0.1').max(10_000, 'must be at most 10000').optional(),
  capacityPerDay: z.int().min(1, 'must be at least 1').optional(),
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
} satisfies Shape<Omit<ProviderConfig, 'type' | 'options' | 'inbound'>>;

/** Schema for a provider entry of one type. */
function schemaOf({ type, checkOptions, inbound }: ProviderDefinition): z.ZodType {
  const received = inbound && { inbound: inbound.checkOptions(optionFields).optional() };
  const media = z.literal('email', 'is reserved: only `email` exists').optional();
  return z.strictObject({ ...common, media, type: z.literal(type), options: checkOptions(optionFields), ...received });
}

/**
 * Adds empty options to each provider entry without options. The check accepts empty options if each option of the provider type
 * has a default. Otherwise the check names the option that is missing.
 */
export function withOptions(providers: ConfiguredProviders): readonly ProviderConfig[] {
  if (!Array.isArray(providers)) return providers as readonly never[];
  const list: readonly Partial<ProviderConfig>[] = providers;
  return list.map((entry) => (entry?.options === undefined ? { ...entry, options: {} } : entry) as ProviderConfig);
}

/**
 * Refuses a provider list that could not work. The error names all faults of the list.
 *
 * @throws ConfigurationError if the list has a fault
 */
export function validateProviders(
  providers: unknown,
  definitions: Definitions,
): asserts providers is readonly ProviderConfig[] {
  if (!Array.isArray(providers)) throw new ConfigurationError(['it must be an ordered list']);
  const shape = providers.flatMap((entry: unknown, index) => shapeProblems(entry, index, definitions));
  // Checks that compare entries run only if each entry by itself is valid.
  const problems = shape.length > 0 ? shape : listProblems(providers, definitions);
  const duplicates = duplicateKeys(providers);
  if (problems.length + duplicates.length > 0) throw new ConfigurationError([...problems, ...duplicates]);
}

function shapeProblems(entry: unknown, index: number, definitions: Definitions): string[] {
  const { key, type } = (entry ?? {}) as { key?: unknown; type?: unknown };
  const definition = Object.values(definitions).find((candidate) => candidate.type === type);
  if (!definition) return [at(index, key, `type: must be one of ${Object.keys(definitions).join(', ')}`)];
  const parsed = schemaOf(definition).safeParse(entry);
  return (parsed.error?.issues ?? []).map((issue) => at(index, key, describeIssue(issue)));
}

function duplicateKeys(providers: readonly unknown[]): string[] {
  const keys = providers.map((entry) => (entry as { key?: unknown } | null)?.key);
  return keys.flatMap((key, index) => {
    const first = keys.indexOf(key);
    return typeof key === 'string' && first < index
      ? [at(index, key, `key: is already used by providers[${first}]`)]
      : [];
  });
}

function listProblems(providers: readonly ProviderConfig[], definitions: Definitions): string[] {
  const outbound = providers.filter((provider) => provider.outbound !== false);
  return [
    ...providers.flatMap((provider, index) =>
      ownProblems(provider, definitions[provider.type]).map((problem) => at(index, provider.key, problem)),
    ),
    ...reportProblems(providers, definitions).map(({ provider, problem }) =>
      at(providers.indexOf(provider), provider.key, problem),
    ),
    ...(outbound.length === 0 ? ['no provider sends: at least one must not be `outbound: false`'] : []),
    ...providers
      .filter(({ type, inbound }) => inbound !== undefined && definitions[type]?.inbound?.over === 'bucket')
      .slice(1)
      .map(({ key, type }) =>
        at(keys(providers).indexOf(key), key, `inbound: only one provider of type ${type} can receive mail`),
      ),
    ...canaryProblems(providers).map(({ provider, problem }) => at(providers.indexOf(provider), provider.key, problem)),
    ...shareProblems(outbound),
    ...weightProblems(outbound).map(({ provider, problem }) => at(providers.indexOf(provider), provider.key, problem)),
  ];
}

const keys = (providers: readonly ProviderConfig[]) => providers.map(({ key }) => key);

function ownProblems(provider: ProviderConfig, definition: ProviderDefinition | undefined): string[] {
  if (!definition) return [];
  const { deadlineMs = PROVIDER_DEFAULTS.deadlineMs, connectMs = PROVIDER_DEFAULTS.connectMs, limits = {} } = provider;
  const problems: string[] = [];
  if (connectMs > deadlineMs) problems.push(`connectMs: ${connectMs} is longer than the deadline of ${deadlineMs}`);
  if (provider.warmUp && !(provider.warmUp.from < (provider.share ?? 0)))
    problems.push('warmUp: needs a `share`, and a `from` below this share');
  problems.push(...(definition.problems?.(provider.options, provider.fromDomains) ?? []));
  problems.push(...substituteProblems(provider));
  problems.push(...eventsProblems(provider, definition));
  if (provider.secretName && definition.secretFields.length === 0)
    problems.push(`secretName: type ${provider.type} needs no secret`);
  const most = limitsOf(provider, definition);
  for (const name of ['maxBytes', 'maxRecipients'] as const) {
    const wanted = limits[name];
    if (wanted !== undefined && wanted > most[name])
      problems.push(`limits.${name}: ${wanted} is above ${most[name]}, the limit of type ${provider.type}`);
  }
  return problems;
}

function eventsProblems({ type, options, events }: ProviderConfig, definition: ProviderDefinition): string[] {
  if (events === undefined) return [];
  if (definition.events === undefined) return [`events: type ${type} has no delivery events`];
  if (definition.events.over === 'http') return [];
  if (definition.events.over === 'mail')
    return events === true
      ? []
      : [`events: must be \`true\` or absent, since delivery reports of type ${type} come as mail`];
  // SES can publish events only to an SNS topic in the same region, and the topic is in the region of the stack.
  const region = definition.events.region(options);
  return [
    ...(events === true
      ? []
      : [`events: must be \`true\` or absent, since type ${type} publishes its events inside AWS`]),
    ...(region === undefined
      ? []
      : ['events: are available only in the region of the stack, so options.region is not allowed']),
  ];
}

/**
 * Finds providers that send their delivery events as mail, although no provider in the list receives mail.
 */
function reportProblems(providers: readonly ProviderConfig[], definitions: Definitions) {
  if (providers.some(({ inbound }) => inbound !== undefined)) return [];
  return providers
    .filter(({ type, events }) => events !== undefined && definitions[type]?.events?.over === 'mail')
    .map((provider) => ({
      provider,
      problem: `events: reports of type ${provider.type} come back as received mail, and no provider receives mail; give a provider \`inbound\` for the domain to which bounces are sent, or remove \`events\``,
    }));
}

function substituteProblems(provider: ProviderConfig): string[] {
  const { substituteFrom } = provider;
  if (substituteFrom === undefined) return [];
  const allowed = allowedFrom(provider);
  if (!allowed)
    return [
      'substituteFrom: needs fromDomains, since mail from other domains is sent with the address in substituteFrom',
    ];
  return allows(allowed, substituteFrom) ? [] : ['substituteFrom: is none of the addresses that this provider may use'];
}

function shareProblems(outbound: readonly ProviderConfig[]): string[] {
  const sum = outbound.reduce((total, { share = 0 }) => total + share, 0);
  // The tolerance allows for rounding errors: in floating point, some shares that should add up to 1 add up to a little more.
  return sum > 1 + 1e-9 ? [`the shares of all providers add up to ${Number(sum.toFixed(6))}, which is above 1`] : [];
}

function weightProblems(outbound: readonly ProviderConfig[]): { provider: ProviderConfig; problem: string }[] {
  // By default, the priority of a provider is its position, counted from the end of the list. Routing uses the same default.
  const groups = Map.groupBy(outbound, (provider) => provider.priority ?? outbound.length - outbound.indexOf(provider));
  return [...groups.values()].flatMap((group) => {
    const total = group.reduce((sum, { weight = PROVIDER_DEFAULTS.weight }) => sum + weight, 0);
    return total > 0
      ? []
      : group.map((provider) => ({
          provider,
          problem: 'weight: the weights of the providers with this priority add up to 0',
        }));
  });
}

function at(index: number, key: unknown, problem: string): string {
  return `providers[${index}]${typeof key === 'string' ? ` (${key})` : ''}: ${problem}`;
}
