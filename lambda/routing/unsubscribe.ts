import type { SenderEnvironment } from '../contract/environment.ts';
import type { Submission } from '../contract/submission.ts';
import { routeOf } from './policy.ts';

/** Whether a submission gets a link of Mailover's own: its class has links, and it brings none. */
export function getsLink(submission: Submission, { routes = [] }: Pick<SenderEnvironment, 'routes'>): boolean {
  return routeOf(submission, routes)?.unsubscribe === true && submission.unsubscribe?.url === undefined;
}

/** Why a submission cannot get the link of its class; undefined if it can, or needs none. */
export function sharedLinkProblem(
  submission: Submission,
  environment: Pick<SenderEnvironment, 'routes'>,
): string | undefined {
  const { to = [], cc = [], bcc = [] } = submission;
  const recipients = to.length + cc.length + bcc.length;
  if (recipients <= 1 || !getsLink(submission, environment)) return undefined;
  return `to: given ${recipients} recipients in to, cc and bcc; it must be one, since mail of its class has a personal link to unsubscribe, or "unsubscribe" must have a "url"`;
}
