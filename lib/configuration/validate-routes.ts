import { z } from 'zod';
import { MOST_WATCHED_CLASSES } from '../../lambda/contract/metrics.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import type { ProviderDefinition } from '../../lambda/providers/provider.ts';
import { definitions } from '../../lambda/providers/registry.ts';
import { ConfigurationError, describeIssue } from './configuration-error.ts';
import { className } from './validate-providers.ts';

const part = z.number().gt(0, 'must be above 0').max(1, 'must be at most 1, which is all of the mail');

const schema = z.strictObject({
  class: className,
  providers: z.array(z.string()).min(1, 'must not be empty').optional(),
  strict: z.boolean().optional(),
  expiresAfterSeconds: z.int().min(30).max(1_209_600).optional(),
  overrideHardBounces: z.boolean().optional(),
  pauseAbove: z
    .union([z.literal(false), z.strictObject({ bounces: part.optional(), complaints: part.optional() })])
    .optional(),
  onListUnreadable: z.enum(['send', 'wait']).optional(),
  unsubscribe: z.boolean().optional(),
  verifiedRecipients: z.boolean().optional(),
  onUnknown: z.enum(['ask', 'failover', 'hold']).optional(),
  tracking: z.strictObject({ opens: z.boolean().optional(), clicks: z.boolean().optional() }).optional(),
});

/**
 * Refuses routes that could not work with these providers. The error names all faults of the routes. Faults of `providers` are
 * reported by `validateProviders`.
 *
 * @throws ConfigurationError if a route has a fault
 */
export function validateRoutes(
  routes: unknown,
  providers: readonly ProviderConfig[],
): asserts routes is readonly RouteConfig[] {
  if (!Array.isArray(routes)) throw new ConfigurationError(['routes: must be a list']);
  const problems = routes.flatMap((entry: unknown, index) => {
    const { class: name } = (entry ?? {}) as { class?: unknown };
    const found = [...shapeProblems(entry), ...keyProblems(entry, providers), ...gateProblems(entry, providers)];
    const first = routes.findIndex((other: { class?: unknown } | null) => other?.class === name);
    if (name !== undefined && first < index) found.push(`class: is already used by routes[${first}]`);
    return found.map((problem) => `routes[${index}]${typeof name === 'string' ? ` (${name})` : ''}: ${problem}`);
  });
  const watched = routes.filter(
    (route: { expiresAfterSeconds?: unknown } | null) => route?.expiresAfterSeconds !== undefined,
  );
  if (watched.length > MOST_WATCHED_CLASSES)
    problems.push(
      `routes: given ${watched.length} classes with expiresAfterSeconds; at most ${MOST_WATCHED_CLASSES} classes may have it, since each such class needs its own metric and alarm`,
    );
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function shapeProblems(entry: unknown): string[] {
  const problems = (schema.safeParse(entry).error?.issues ?? []).map(describeIssue);
  const { class: name, expiresAfterSeconds } = (entry ?? {}) as Record<string, unknown>;
  // The name of the class becomes the value of a metric dimension, in which CloudWatch accepts only printable ASCII characters.
  if (expiresAfterSeconds !== undefined && typeof name === 'string' && !WATCHABLE.test(name))
    problems.push(
      'class: must be printable ASCII if the route has expiresAfterSeconds, since the name of the alarm contains the class',
    );
  return problems;
}

const WATCHABLE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * Finds a class of mail with `verifiedRecipients` or `pauseAbove` whose providers have no signed delivery events. Such a class
 * needs at least one provider with signed delivery events.
 */
function gateProblems(entry: unknown, providers: readonly ProviderConfig[]): string[] {
  const { verifiedRecipients, pauseAbove, providers: keys } = (entry ?? {}) as Record<string, unknown>;
  const ofClass = providers.filter(({ key }) => !Array.isArray(keys) || keys.includes(key));
  // Delivery events that a provider sends as mail are not signed. An unknown type is reported by the check of the providers.
  const known: Readonly<Record<string, ProviderDefinition>> = definitions;
  if (ofClass.some(({ type, events }) => events !== undefined && known[type]?.events?.over !== 'mail')) return [];
  return [
    ...(verifiedRecipients === true
      ? ['verifiedRecipients: a provider of the class needs signed `events`, which report that a mail was delivered']
      : []),
    ...(typeof pauseAbove === 'object' && pauseAbove !== null
      ? ['pauseAbove: a provider of the class needs signed `events`, which report bounces and complaints']
      : []),
  ];
}

function keyProblems(entry: unknown, providers: readonly ProviderConfig[]): string[] {
  const { class: name, providers: keys, strict } = (entry ?? {}) as Record<string, unknown>;
  if (keys === undefined && strict === true)
    return ['strict: has no effect without `providers`; name the providers that may send this class'];
  if (!Array.isArray(keys)) return [];
  return keys.flatMap((key: unknown, place) => {
    const provider = providers.find((candidate) => candidate.key === key);
    const problem = !provider
      ? `must be the key of a provider: ${providers.map((one) => one.key).join(', ')}`
      : provider.outbound === false
        ? `${provider.key} only receives (outbound: false)`
        : provider.classes && !provider.classes.includes(String(name))
          ? `${provider.key} sends only the classes ${provider.classes.join(', ')}`
          : keys.indexOf(key) < place
            ? `${provider.key} is named twice`
            : undefined;
    return problem ? [`providers[${place}]: ${problem}`] : [];
  });
}
