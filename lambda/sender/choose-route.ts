import { factsOf } from '../routing/ability.ts';
import type { Policy } from '../routing/policy.ts';
import { type Route, route } from '../routing/route.ts';
import { sharesAt } from '../routing/warm-up.ts';
import type { Progress } from '../submission/progress.ts';
import { readHad } from '../submission/supersedes.ts';
import type { Claimed } from './claim.ts';
import { type RouteBySize, routeBySize } from './route-by-size.ts';
import { reportUnable, type Skips } from './telemetry.ts';
import type { Work } from './work.ts';

/** A route; `unable`: providers that cannot carry the message, and why. */
export interface ChosenRoute extends RouteBySize {
  readonly unable: Skips;
}

/** The providers to offer a submission to, in order; none if none of them can carry it. */
export async function chooseRoute(
  progress: Progress,
  claimed: Claimed,
  { preference }: Policy,
  work: Work,
): Promise<ChosenRoute> {
  const { context, destinations, arrived } = work;
  const { message } = arrived;
  const { environment, definitions } = context;
  // A provider with an unknown outcome comes last, so that another one need not wait for it to time out again.
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

/** Keys of the providers that accepted what this submission supersedes; reads nothing if it supersedes nothing. */
async function supersededAt({ claim, stored }: Claimed, { context, arrived }: Work): Promise<readonly string[]> {
  const { supersedes } = arrived.submission;
  if (supersedes === undefined) return [];
  const keys = stored?.had ?? (await readHad(context.table, supersedes));
  claim.superseded(keys);
  return keys;
}
