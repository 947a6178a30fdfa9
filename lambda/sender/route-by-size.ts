import type { Message } from '../mail/message.ts';
import { composeMime, leastSize, mostSize } from '../mail/mime.ts';
import { isTooLarge, type Route } from '../routing/route.ts';

/** The route of a message. `mime` is the MIME source of the message; absent if the source was not composed to find the route. */
export interface RouteBySize {
  readonly route: Route;
  readonly mime?: Buffer;
}

/**
 * Returns the route of a message. The route depends on the size of the MIME source of the message. The source is composed only if
 * the lower and the upper bound of its size lead to different numbers of providers. Otherwise it is not composed, for two
 * reasons. A provider whose API accepts the fields of a message needs no MIME source. If the message is too large for all
 * providers, composing the source would only double the memory in use.
 */
export async function routeBySize(message: Message, routeFor: (bytes: number) => Route): Promise<RouteBySize> {
  const ifLarge = routeFor(mostSize(message));
  if (!ifLarge.skipped.some(isTooLarge)) return { route: ifLarge };
  const ifSmall = routeFor(leastSize(message));
  if (ifSmall.order.length === ifLarge.order.length) return { route: ifSmall };
  const mime = await composeMime(message);
  return { route: routeFor(mime.length), mime };
}
