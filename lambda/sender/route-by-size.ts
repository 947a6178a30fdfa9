import type { Message } from '../mail/message.ts';
import { composeMime, leastSize, mostSize } from '../mail/mime.ts';
import { isTooLarge, type Route } from '../routing/route.ts';

/** The route of a message; `mime`, if it had to be composed to find its size. */
export interface RouteBySize {
  readonly route: Route;
  readonly mime?: Buffer;
}

/**
 * Finds the route of a message by its size. The message is composed only if its size is so near to a limit that the bounds
 * of it lead to different providers: a provider that takes fields needs no MIME, and a message that is too large for all
 * providers would need its memory twice.
 */
export async function routeBySize(message: Message, routeFor: (bytes: number) => Route): Promise<RouteBySize> {
  const ifLarge = routeFor(mostSize(message));
  if (!ifLarge.skipped.some(isTooLarge)) return { route: ifLarge };
  const ifSmall = routeFor(leastSize(message));
  if (ifSmall.order.length === ifLarge.order.length) return { route: ifSmall };
  const mime = await composeMime(message);
  return { route: routeFor(mime.length), mime };
}
