import type { Message } from '../mail/message.ts';
import { composeMime, leastSize } from '../mail/mime.ts';
import type { Route } from '../routing/route.ts';

/** The route of a message, with its MIME; undefined if no provider can carry it. */
export interface RouteBySize {
  readonly route: Route;
  readonly mime?: Buffer;
}

/**
 * Finds the route of a message by its size. A message that is too large for all providers is found before it is composed,
 * which would need its memory twice.
 */
export async function routeBySize(message: Message, routeFor: (bytes: number) => Route): Promise<RouteBySize> {
  const rough = routeFor(leastSize(message));
  if (rough.order.length === 0) return { route: rough };
  const mime = await composeMime(message);
  const route = routeFor(mime.length);
  return route.order.length === 0 ? { route } : { route, mime };
}
