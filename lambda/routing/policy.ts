import type { SenderEnvironment } from '../contract/environment.ts';
import type { RouteConfig } from '../contract/routes.ts';
import type { Submission } from '../contract/submission.ts';
import type { Tracking } from '../mail/message.ts';
import { defined } from '../platform/defined.ts';
import type { OnUnknown } from '../submission/progress.ts';
import type { Preference } from './route.ts';

/**
 * Settings for one submission. A setting is taken from the submission itself. If the submission does not contain the setting, it is taken from
 * the route of the submission's class of mail, and otherwise from the defaults.
 */
export interface Policy {
  readonly preference: Preference;
  readonly onUnknown: OnUnknown;
  readonly tracking: Tracking;
  /** If set, mail is sent even to addresses that are on the suppression list because of a hard bounce. */
  readonly overrideHardBounces?: true;
  /** @default 'send' */
  readonly onListUnreadable?: 'send' | 'wait';
  /** The class of mail of the submission. Set only if recipients can unsubscribe from this class. */
  readonly unsubscribable?: string;
  /**
   * If set, a recipient at first gets only one mail from all classes of mail with this setting. Further mail of these classes waits until the
   * first mail was delivered or the recipient clicked a link in it.
   */
  readonly verifiedRecipients?: true;
  /** Time until the submission expires, in milliseconds. Absent if neither the submission nor its class of mail sets an expiry. */
  readonly expiresInMs?: number;
}

/**
 * Returns the settings that apply to a submission.
 *
 * @param times `now`: the current time in epoch milliseconds; `ageMs`: the time since the producer sent the submission, in milliseconds of
 * stack time
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

/** Returns why the providers that a submission names are not allowed. Returns undefined if they are allowed, or if no providers are named. */
export function choiceProblem(
  submission: Submission,
  { providers, routes = [] }: Pick<SenderEnvironment, 'providers' | 'routes'>,
): string | undefined {
  const { only = [], except = [] } = submission.providers ?? {};
  const keys = providers.map(({ key }) => key);
  const unknown = [...only, ...except].find((key) => !keys.includes(key));
  if (unknown !== undefined)
    return `providers: a key of ${unknown.length} characters that is not configured; it must be one of ${keys.join(', ')}`;
  const { strict, providers: allowed = keys } = routeOf(submission, routes) ?? {};
  const outside = strict ? only.find((key) => !allowed.includes(key)) : undefined;
  return (
    outside &&
    `providers.only: names ${outside}, but the route of this class is strict; it must be one of ${allowed.join(', ')}, or absent`
  );
}

/** Returns the route that is configured for the class of mail of a submission, if there is one. */
export function routeOf(submission: Submission, routes: readonly RouteConfig[]): RouteConfig | undefined {
  return routes.find((route) => route.class === submission.class);
}
