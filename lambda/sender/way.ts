import type { Message } from '../mail/message.ts';
import { composeMime, leastSize } from '../mail/mime.ts';
import type { Route } from '../routing/route.ts';

/** The route of a message, with its MIME; undefined if no provider can carry it. */
export interface Way {
  readonly way: Route;
  readonly mime?: Buffer;
}

/**
 * Finds the route of a message by its size. A message that is too large for all providers is found before it is composed,
 * which would need its memory twice.
 */
export async function wayOf(message: Message, routeFor: (bytes: number) => Route): Promise<Way> {
  const rough = routeFor(leastSize(message));
  if (rough.order.length === 0) return { way: rough };
  const mime = await composeMime(message);
  const way = routeFor(mime.length);
  return way.order.length === 0 ? { way } : { way, mime };
}
