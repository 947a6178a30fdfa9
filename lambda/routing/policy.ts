import type { SenderEnvironment } from '../contract/environment.ts';
import type { RouteConfig } from '../contract/routes.ts';
import type { Submission } from '../contract/submission.ts';
import type { Tracking } from '../mail/message.ts';
import { defined } from '../platform/defined.ts';
import type { OnUnknown } from '../submission/progress.ts';
import type { Preference } from './route.ts';

/**
 * Settings for one submission: from the submission itself, otherwise from the route of its class, otherwise the defaults.
 */
export interface Policy {
  readonly preference: Preference;
  readonly onUnknown: OnUnknown;
  readonly tracking: Tracking;
  /** Addresses that bounced are mailed nevertheless. */
  readonly overrideHardBounces?: true;
  /** @default 'send' */
  readonly onListUnreadable?: 'send' | 'wait';
  /** The class, if recipients can unsubscribe from it. */
  readonly unsubscribable?: string;
  /** A recipient that no mail has reached gets one, and the others wait. */
  readonly verifiedRecipients?: true;
  /** Time until the submission expires, in milliseconds; absent if neither the submission nor its class sets it. */
  readonly expiresInMs?: number;
}

/**
 * The policy in force for a submission.
 *
 * @param times `now` in epoch milliseconds; `ageMs` since the very first receive, in stack time
 */
export function policyOf(
  submission: Submission,
  routes: readonly RouteConfig[],
  { now, ageMs }: { readonly now: number; readonly ageMs: number },
): Policy {
  const named = routeOf(submission, routes);
  const { only = named?.providers, except } = submission.providers ?? {};
  const lastsMs = named?.expiresAfterSeconds === undefined ? undefined : named.expiresAfterSeconds * 1_000 - ageMs;
  const expiresInMs = submission.expiresAt === undefined ? lastsMs : Date.parse(submission.expiresAt) - now;
  return {
    preference: { only, except, class: submission.class },
    onUnknown: submission.onUnknown ?? named?.onUnknown ?? 'ask',
    tracking: {
      opens: submission.tracking?.opens ?? named?.tracking?.opens ?? false,
      clicks: submission.tracking?.clicks ?? named?.tracking?.clicks ?? false,
    },
    ...defined({
      overrideHardBounces: named?.overrideHardBounces || undefined,
      onListUnreadable: named?.onListUnreadable,
      unsubscribable: named?.unsubscribe ? named.class : undefined,
      verifiedRecipients: named?.verifiedRecipients || undefined,
      expiresInMs,
    }),
  };
}

/** Why the providers that a submission names are not allowed; undefined if they are, or if it names none. */
export function choiceProblem(
  submission: Submission,
  { providers, routes = [] }: Pick<SenderEnvironment, 'providers' | 'routes'>,
): string | undefined {
  const { only = [], except = [] } = submission.providers ?? {};
  const keys = providers.map(({ key }) => key);
  const unknown = [...only, ...except].find((key) => !keys.includes(key));
  if (unknown !== undefined)
    return `providers: a key of ${unknown.length} characters that is not configured; it must be one of ${keys.join(', ')}`;
  const { strict, providers: held = keys } = routeOf(submission, routes) ?? {};
  const outside = strict ? only.find((key) => !held.includes(key)) : undefined;
  return (
    outside &&
    `providers.only: names ${outside}, and the route of this class is strict; it must be of ${held.join(', ')}, or absent`
  );
}

/** The configured route of a submission's class, if there is one. */
export function routeOf(submission: Submission, routes: readonly RouteConfig[]): RouteConfig | undefined {
  return routes.find((route) => route.class === submission.class);
}
