import type { RouteConfig } from '../../lambda/contract/routes.ts';
import { ConfigurationError } from './configuration-error.ts';

/** Settings of the links to unsubscribe. They apply to the classes of mail whose route has `unsubscribe`. */
export interface UnsubscribeLinks {
  /**
   * First part of the URL of the links: https, at most 200 characters, on a domain of yours. That domain must forward requests to
   * the HTTP API with the same path.
   * @default - the address of the HTTP API
   */
  readonly unsubscribeUrl?: string;
  /**
   * Largest number of requests per second to the links to unsubscribe, from 1 to 10000; further requests are answered with 429.
   * @default 20
   */
  readonly unsubscribeRate?: number;
}

/** Largest length of the first part of the links. With it, the whole link still fits on one header line. */
const LONGEST_BASE = 200;

/** Returns the classes of mail from which recipients can unsubscribe. */
export function unsubscribableClasses(routes: readonly RouteConfig[]): readonly string[] {
  return routes.flatMap((route) => (route.unsubscribe ? [route.class] : []));
}

/**
 * Returns the classes of mail with `verifiedRecipients`: a recipient gets further mail of such a class only after the first mail
 * was delivered.
 */
export function gatedClasses(routes: readonly RouteConfig[]): readonly string[] {
  return routes.flatMap((route) => (route.verifiedRecipients ? [route.class] : []));
}

/** @throws ConfigurationError if `unsubscribeUrl` is not valid */
export function checkUnsubscribeLinks({ unsubscribeUrl }: UnsubscribeLinks): void {
  if (unsubscribeUrl === undefined) return;
  const url = URL.parse(unsubscribeUrl);
  const isPlain = url?.protocol === 'https:' && url.search === '' && url.hash === '' && url.username === '';
  if (!isPlain || unsubscribeUrl.length > LONGEST_BASE || !/^[\x21-\x7e]+[^/]$/.test(unsubscribeUrl))
    throw new ConfigurationError([
      `unsubscribeUrl: given ${JSON.stringify(unsubscribeUrl.slice(0, LONGEST_BASE))}; it must be like https://mail.example.com/unsubscribe, of at most ${LONGEST_BASE} ASCII characters without a slash at its end`,
    ]);
}
