import type { SenderEnvironment } from '../contract/environment.ts';
import type { Submission } from '../contract/submission.ts';
import { routeOf } from './policy.ts';

/**
 * Whether Mailover adds an unsubscribe link to a submission. This is the case if the settings of its class of mail require unsubscribe links, and
 * the submission contains no unsubscribe URL of its own.
 */
export function getsLink(submission: Submission, { routes = [] }: Pick<SenderEnvironment, 'routes'>): boolean {
  return routeOf(submission, routes)?.unsubscribe === true && submission.unsubscribe?.url === undefined;
}

/** Returns why Mailover cannot add an unsubscribe link to a submission. Returns undefined if Mailover can add a link, or if no link is needed. */
export function sharedLinkProblem(
  submission: Submission,
  environment: Pick<SenderEnvironment, 'routes'>,
): string | undefined {
  const { to = [], cc = [], bcc = [] } = submission;
  const recipients = to.length + cc.length + bcc.length;
  if (recipients <= 1 || !getsLink(submission, environment)) return undefined;
  return `to: given ${recipients} recipients in to, cc and bcc; it must be one, since mail of its class has a personal link to unsubscribe, or "unsubscribe" must have a "url"`;
}
