import { z } from 'zod';
import { defined } from '../../../lambda/platform/defined.ts';
import type { Listed, SimulatedList } from '../events/provider-list.ts';
import type { SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import { jsonBody } from '../json-body.ts';

const PATH = /^\/v2\/email\/suppression\/addresses(?:\/(.+))?$/;
const MOST = 1000;
const putSchema = z.object({ EmailAddress: z.email(), Reason: z.enum(['BOUNCE', 'COMPLAINT']) });

/**
 * Answers a request about the account's suppression list (API_ListSuppressedDestinations and others, 2026-11-29). Returns
 * undefined for any other request.
 */
export function listAnswer(
  { method, path, query, body }: SimulatorRequest,
  list: SimulatedList,
): SimulatorAnswer | undefined {
  const match = PATH.exec(path);
  if (match === null) return undefined;
  if (match[1] !== undefined) {
    const found = list.get(decodeURIComponent(match[1]));
    if (!found)
      return {
        status: 404,
        headers: { 'x-amzn-errortype': 'NotFoundException' },
        body: { message: 'Email address does not exist on your suppression list.' },
      };
    if (method === 'DELETE') list.remove(found.address);
    return { status: 200, body: method === 'DELETE' ? {} : { SuppressedDestination: shown(found) } };
  }
  if (method === 'PUT') {
    const read = putSchema.safeParse(jsonBody(body));
    if (!read.success)
      return {
        status: 400,
        headers: { 'x-amzn-errortype': 'BadRequestException' },
        body: { message: 'The address or the reason is not valid.' },
      };
    const { EmailAddress, Reason } = read.data;
    // If the address is already on the list, its entry and the reason of the entry are replaced.
    list.remove(EmailAddress);
    list.add(EmailAddress, Reason === 'BOUNCE' ? 'bounce' : 'complaint');
    return { status: 200, body: {} };
  }
  const size = Math.min(MOST, Number(query.get('PageSize') ?? MOST));
  const from = Number(query.get('NextToken') ?? 0);
  const all = list.all();
  return {
    status: 200,
    body: {
      SuppressedDestinationSummaries: all.slice(from, from + size).map(shown),
      ...defined({ NextToken: from + size < all.length ? String(from + size) : undefined }),
    },
  };
}

function shown({ address, reason, at }: Listed) {
  return { EmailAddress: address, Reason: reason === 'bounce' ? 'BOUNCE' : 'COMPLAINT', LastUpdateTime: at / 1000 };
}
