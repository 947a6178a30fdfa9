import type { Message } from '../mail/message.ts';
import { composeMime, leastSize, mostSize } from '../mail/mime.ts';
import { isTooLarge, type Route } from '../routing/route.ts';

/** The route of a message. Also contains the MIME source, if the source had to be composed to find the size of the message. */
export interface RouteBySize {
  readonly route: Route;
  readonly mime?: Buffer;
}

/**
 * Finds the route of a message, which depends on the size of its MIME source. The MIME source is composed only if the lower and the upper
 * bound of its size lead to different providers. There are two reasons: a provider whose API accepts the fields of a message needs no MIME
 * source, and composing the source of a message that is too large for all providers would double the memory in use.
 */
export async function routeBySize(message: Message, routeFor: (bytes: number) => Route): Promise<RouteBySize> {
  const ifLarge = routeFor(mostSize(message));
  if (!ifLarge.skipped.some(isTooLarge)) return { route: ifLarge };
  const ifSmall = routeFor(leastSize(message));
  if (ifSmall.order.length === ifLarge.order.length) return { route: ifSmall };
  const mime = await composeMime(message);
  return { route: routeFor(mime.length), mime };
}
