import type { RouteConfig } from '../../lambda/contract/routes.ts';
import { ConfigurationError } from './configuration-error.ts';

/** Settings of the links to unsubscribe, for the classes whose route has `unsubscribe`. */
export interface UnsubscribeLinks {
  /**
   * Base of the links, https and at most 200 characters, where a domain of yours leads to the HTTP API; the path behind it must stay.
   * @default - the address of the HTTP API
   */
  readonly unsubscribeUrl?: string;
  /**
   * Largest number of requests to links per second, from 1 to 10000; further requests are answered with 429.
   * @default 20
   */
  readonly unsubscribeRate?: number;
}

/** Longest base, so that the whole link fits on a header line. */
const LONGEST_BASE = 200;

/** The classes that recipients can unsubscribe from. */
export function unsubscribableClasses(routes: readonly RouteConfig[]): readonly string[] {
  return routes.flatMap((route) => (route.unsubscribe ? [route.class] : []));
}

/** The classes that wait for the first mail of a recipient. */
export function gatedClasses(routes: readonly RouteConfig[]): readonly string[] {
  return routes.flatMap((route) => (route.verifiedRecipients ? [route.class] : []));
}

/** @throws ConfigurationError */
export function checkUnsubscribeLinks({ unsubscribeUrl }: UnsubscribeLinks): void {
  if (unsubscribeUrl === undefined) return;
  const url = URL.parse(unsubscribeUrl);
  const isPlain = url?.protocol === 'https:' && url.search === '' && url.hash === '' && url.username === '';
  if (!isPlain || unsubscribeUrl.length > LONGEST_BASE || !/^[\x21-\x7e]+[^/]$/.test(unsubscribeUrl))
    throw new ConfigurationError([
      `unsubscribeUrl: given ${JSON.stringify(unsubscribeUrl.slice(0, LONGEST_BASE))}; it must be like https://mail.example.com/unsubscribe, of at most ${LONGEST_BASE} ASCII characters without a slash at its end`,
    ]);
}
