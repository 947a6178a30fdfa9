import { factsOf } from '../routing/ability.ts';
import type { Policy } from '../routing/policy.ts';
import { type Route, route } from '../routing/route.ts';
import { sharesAt } from '../routing/warm-up.ts';
import type { Progress } from '../submission/progress.ts';
import { readAcceptedBy } from '../submission/supersedes.ts';
import type { Claimed } from './claim.ts';
import { type RouteBySize, routeBySize } from './route-by-size.ts';
import { reportUnable, type Skips } from './telemetry.ts';
import type { Work } from './work.ts';

/** A route. `unable` contains the providers that cannot carry the message, each with the reason. */
export interface ChosenRoute extends RouteBySize {
  readonly unable: Skips;
}

/** Returns the providers to which a submission is offered, in the order of the attempts. Empty if no provider can carry the submission. */
export async function chooseRoute(
  progress: Progress,
  claimed: Claimed,
  { preference }: Policy,
  work: Work,
): Promise<ChosenRoute> {
  const { context, destinations, arrived } = work;
  const { message } = arrived;
  const { environment, definitions } = context;
  // These providers come last in the order: providers that accepted the submission that is superseded by the present submission, and providers
  // that gave no answer, since the mail might have to wait for them again.
  const last = [...(await supersededAt(claimed, work)), ...progress.recipients.flatMap((one) => one.unknownAt)];
  const shares = sharesAt(environment.providers, destinations.attributes.firstSeen);
  const chosen = await routeBySize(
    message,
    (bytes): Route => route(message.id, shares, definitions, factsOf(message, bytes), preference, last),
  );
  const unable = new Map(
    chosen.route.skipped.filter(({ kind }) => kind === 'unable').map(({ key, reason }) => [key, reason]),
  );
  reportUnable(context, unable.size);
  return { ...chosen, unable };
}

/**
 * Returns the keys of the providers that accepted the submission that is superseded by the present submission. If the present submission
 * supersedes no other submission, returns an empty list without reading the table.
 */
async function supersededAt({ claim, stored }: Claimed, { context, arrived }: Work): Promise<readonly string[]> {
  const { supersedes } = arrived.submission;
  if (supersedes === undefined) return [];
  const keys = stored?.acceptedBefore ?? (await readAcceptedBy(context.table, supersedes));
  claim.superseded(keys);
  return keys;
}
