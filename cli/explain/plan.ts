import * as z from 'zod/mini';
import type { Problem } from '../../lambda/contract/dead-letter.ts';
import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import type { Submission } from '../../lambda/contract/submission.ts';
import { ownId } from '../../lambda/contract/submission-fields.ts';
import type { Message } from '../../lambda/mail/message.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Objects } from '../../lambda/platform/object-store.ts';
import { definitions } from '../../lambda/providers/registry.ts';
import { factsOf } from '../../lambda/routing/ability.ts';
import { policyOf, routeOf } from '../../lambda/routing/policy.ts';
import { favourite, type ProviderSkip, ranking, route, uncarried } from '../../lambda/routing/route.ts';
import { sharesAt } from '../../lambda/routing/warm-up.ts';
import { intake } from '../../lambda/sender/intake.ts';
import { routeBySize } from '../../lambda/sender/route-by-size.ts';
import { MAX_AGE_MS } from '../../lambda/submission/backoff.ts';
import { overdue } from '../../lambda/submission/settle.ts';
import type { CircuitStates } from './circuit-states.ts';

/** Where a setting comes from: the submission itself, the route of its class of mail, or the configuration for all mail. */
export type Decider = 'submission' | 'class' | 'default';

/** The route that a submission would take if it were received now. */
export interface Plan {
  readonly id: string;
  readonly class?: string;
  readonly policy: {
    readonly order: Decider;
    readonly onUnknown: { readonly value: string; readonly from: Decider };
    readonly expires: { readonly inSeconds: number; readonly from: Decider };
  };
  readonly order: readonly {
    readonly key: string;
    readonly type: string;
    readonly substituteFrom?: true;
    /**
     * Number of recipients with an address to which the provider cannot send; another provider gets the mail for these
     * recipients.
     */
    readonly leavesOut?: number;
  }[];
  readonly skipped: readonly ProviderSkip[];
  /**
   * Providers of the route that would be skipped now for this submission: an operator has isolated them, their circuit breaker is not
   * closed, they asked for a pause, or they get only a part of the mail after an outage. They are in the order in which they would
   * otherwise be tried.
   */
  readonly closed: readonly Pick<ProviderSkip, 'key' | 'reason'>[];
  /**
   * Pseudo-random values that are computed from the id. They are absent if the submission or its route names the order of the
   * providers.
   */
  readonly draw?: {
    /**
     * A number between 0 and 1 that selects the provider to be tried first. The shares of the providers are adjacent ranges that
     * begin at 0; the provider whose range contains the number is selected.
     */
    readonly share: number;
    readonly favourite?: string;
    readonly ranking: readonly {
      readonly key: string;
      readonly priority: number;
      readonly weight: number;
      readonly share?: number;
      /** True while the share of the provider grows. The provider is then tried last, unless its range contains the number. */
      readonly warmsUp?: boolean;
    }[];
  };
}

/**
 * Decision of the sender about a message body: the plan of its route, or the `problem` for which it would become a dead letter.
 */
export type Explained =
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'problem'; readonly problem: Problem };

/** The state on which the plan depends, in addition to the configuration. */
export interface PlanContext {
  readonly objects: Objects;
  readonly now: number;
  /**
   * Returns the keys of the providers that accepted, or may have accepted, the submission with this id or an earlier submission that it
   * superseded.
   */
  readonly acceptedBefore: (submissionId: string) => Promise<readonly string[]>;
  readonly circuits: CircuitStates;
}

/**
 * Plans the route of a message body with the same code as the sender: it reads the unchanged body, and applies the policy and the
 * routing.
 *
 * @param ids - the id `given` replaces the id in the body; the id `drawn` is used if the body has no id
 */
export async function planFor(
  body: string,
  { given, drawn }: { readonly given?: string | undefined; readonly drawn: string },
  environment: SenderEnvironment,
  { objects, now, acceptedBefore, circuits }: PlanContext,
): Promise<Explained> {
  const { providers, routes = [] } = environment;
  const wrong = given === undefined ? undefined : z.safeParse(ownId, given).error?.issues[0];
  if (wrong) return bad('Malformed', `id: given a string of ${given?.length} characters; expected ${wrong.message}`);
  const arrived = await intake(body, given ?? drawn, objects, environment, now);
  if (arrived.kind === 'trouble') throw arrived.error;
  if (arrived.kind === 'problem') return arrived;
  if (arrived.kind === 'future')
    return bad('Malformed', `version: ${arrived.version}, which this release cannot read; it must be 1`);
  const { submission } = arrived;
  const message = given === undefined ? arrived.message : underId(arrived.message, given);
  const { preference, onUnknown, expiresInMs } = policyOf(submission, routes, { now, ageMs: 0 });
  if (expiresInMs !== undefined && expiresInMs <= 0) {
    const late = overdue(expiresInMs);
    if (late.kind === 'dead-letter') return bad(late.reason, late.detail);
  }
  const current = sharesAt(providers, now);
  const last = submission.supersedes === undefined ? [] : await acceptedBefore(submission.supersedes);
  const { route: chosen } = await routeBySize(message, (bytes) =>
    route(message.id, current, definitions, factsOf(message, bytes), preference, last),
  );
  if (chosen.order.length === 0) return { kind: 'problem', problem: uncarried(chosen) };
  const named = routeOf(submission, routes);
  const closed = circuits(message.id);
  return {
    kind: 'plan',
    plan: {
      id: message.id,
      policy: {
        order: decider(submission.providers?.only, named?.providers),
        onUnknown: { value: onUnknown, from: decider(submission.onUnknown, named?.onUnknown) },
        expires: {
          inSeconds: Math.round((expiresInMs ?? MAX_AGE_MS) / 1_000),
          from: decider(submission.expiresAt, named?.expiresAfterSeconds),
        },
      },
      order: chosen.order.flatMap(({ key, type }) =>
        closed.has(key)
          ? []
          : [
              {
                key,
                type,
                ...defined({
                  substituteFrom: chosen.substituted.has(key) || undefined,
                  leavesOut: chosen.unsupported.get(key)?.length,
                }),
              },
            ],
      ),
      closed: chosen.order.flatMap(({ key }) => {
        const reason = closed.get(key);
        return reason === undefined ? [] : [{ key, reason }];
      }),
      skipped: [...chosen.skipped, ...unnamed(submission, named, providers)],
      ...defined({
        class: submission.class,
        draw: preference.only === undefined ? drawOf(message.id, current) : undefined,
      }),
    },
  };
}

/** Returns the message as it would be if the submission had this id. */
function underId(message: Message, id: string): Message {
  return {
    ...message,
    id,
    headers: message.headers.map(([name, value]) => [name, name === 'X-Mailover-Id' ? id : value]),
  };
}

function drawOf(id: string, providers: readonly ProviderConfig[]): NonNullable<Plan['draw']> {
  const ranks = ranking(id, providers);
  const { draw, provider } = favourite(
    id,
    ranks.map((rank) => rank.provider),
  );
  return {
    share: draw,
    ...defined({ favourite: provider?.key }),
    ranking: ranks.map(({ provider: { key, share, warmUp }, priority, weight }) => ({
      key,
      priority,
      weight,
      ...defined({ share, warmsUp: warmUp && true }),
    })),
  };
}

/** Returns the providers that are not in the order which the submission or its route names. */
function unnamed(
  { providers: own }: Submission,
  named: RouteConfig | undefined,
  providers: readonly ProviderConfig[],
): readonly ProviderSkip[] {
  const only = own?.only ?? named?.providers;
  if (!only) return [];
  const reason = own?.only ? 'not among providers.only of the submission' : 'not in the route of the class';
  return providers.flatMap(({ key }) => (only.includes(key) ? [] : [{ key, kind: 'unwanted', reason }]));
}

function decider(own: unknown, ofClass: unknown): Decider {
  if (own !== undefined) return 'submission';
  return ofClass === undefined ? 'default' : 'class';
}

function bad(reason: Problem['reason'], detail: string): Explained {
  return { kind: 'problem', problem: { reason, detail } };
}
