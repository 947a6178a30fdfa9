import type { RouteConfig } from '../../lambda/contract/routes.ts';
import { ConfigurationError } from './configuration-error.ts';

/** Settings of the links to unsubscribe. They apply to the classes of mail whose route has `unsubscribe`. */
export interface UnsubscribeLinks {
  /**
   * URL that the links begin with; a slash and a token follow it. It must use https, have at most 200 characters, and not end in
   * a slash. Its domain must forward the requests to the HTTP API, to the path `/unsubscribe/<token>`.
   * @default - the address of the HTTP API and `/unsubscribe`
   */
  readonly unsubscribeUrl?: string;
  /**
   * Largest number of requests per second to the links to unsubscribe, from 1 to 10000; a short burst may have twice this number.
   * Further requests are answered with 429.
   * @default 20
   */
  readonly unsubscribeRate?: number;
}

/** Largest length of `unsubscribeUrl`. With this length, the whole link still fits on one header line. */
const LONGEST_BASE = 200;

/** Returns the classes of mail from which recipients can unsubscribe. */
export function unsubscribableClasses(routes: readonly RouteConfig[]): readonly string[] {
  return routes.flatMap((route) => (route.unsubscribe ? [route.class] : []));
}

/**
 * Returns the classes of mail with `verifiedRecipients`: an address that is not verified gets only one mail from all of these
 * classes.
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
