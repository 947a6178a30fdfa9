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

/**
 * Route of a submission. `unable` contains the keys of the providers that cannot send the message, for example because of its
 * size, each with the reason.
 */
export interface ChosenRoute extends RouteBySize {
  readonly unable: Skips;
}

/**
 * Returns the route of a submission. Its `order` contains the providers in the order of the attempts. The list is empty if no
 * provider can send the submission.
 */
export async function chooseRoute(
  progress: Progress,
  claimed: Claimed,
  { preference }: Policy,
  work: Work,
): Promise<ChosenRoute> {
  const { context, destinations, arrived } = work;
  const { message } = arrived;
  const { environment, definitions } = context;
  // Two kinds of providers come last in the order. Providers of the first kind accepted, or may have accepted, the submission
  // that the present submission supersedes. The answer of a provider of the second kind was lost in an earlier attempt. If its
  // next answer were also lost, the mail would have to wait again.
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
 * Returns the keys of the providers that accepted, or may have accepted, the submission that the present submission supersedes,
 * or any submission that was superseded before. If the present submission supersedes no other submission, returns an empty list
 * without reading the table.
 */
async function supersededAt({ claim, stored }: Claimed, { context, arrived }: Work): Promise<readonly string[]> {
  const { supersedes } = arrived.submission;
  if (supersedes === undefined) return [];
  const keys = stored?.acceptedBefore ?? (await readAcceptedBy(context.table, supersedes));
  claim.superseded(keys);
  return keys;
}
