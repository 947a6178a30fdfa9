import { z } from 'zod';
import type { Listed, SimulatedList } from '../events/provider-list.ts';
import type { SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import { jsonBody } from '../json-body.ts';

/** Matches the path of a domain's list of bounces or of complaints, and the path of one address on such a list. */
export const LISTS = /^\/v3\/([^/]+)\/(bounces|complaints)(?:\/(.+))?$/;
const MOST = 1000;
const entries = z
  .array(
    z.object({
      address: z.string(),
      code: z.string().optional(),
      error: z.string().optional(),
      created_at: z.string().optional(),
    }),
  )
  .max(MOST);

/**
 * Answers a request about the bounces or complaints of a domain (documentation.mailgun.com, suppressions, 2026-11-29). The caller
 * must have checked the API key and the domain.
 */
export function listAnswer(
  { method, path, query, headers, body }: SimulatorRequest,
  list: SimulatedList,
): SimulatorAnswer {
  const [, domain = '', table = '', address] = LISTS.exec(path) ?? [];
  const reason: Listed['reason'] = table === 'bounces' ? 'bounce' : 'complaint';
  const listed = list.all().filter((one) => one.reason === reason);
  const found = listed.find((one) => one.address.toLowerCase() === decodeURIComponent(address ?? '').toLowerCase());
  if (address !== undefined) {
    if (!found) return { status: 404, body: { message: `Address not found in ${table} table` } };
    if (method !== 'DELETE') return { status: 200, body: shown(found) };
    list.remove(found.address);
    const message = `${reason === 'bounce' ? 'Bounced' : 'Spam complaint'} address has been removed`;
    return { status: 200, body: { message, address: found.address } };
  }
  if (method === 'POST') {
    const read = entries.safeParse(jsonBody(body));
    if (!read.success) return { status: 400, body: { message: 'The request is not a list of up to 1000 addresses' } };
    for (const one of read.data) {
      const at = Date.parse(one.created_at ?? '');
      list.add(
        one.address,
        reason,
        Number.isNaN(at) ? Date.now() : at,
        [one.code, one.error].filter(Boolean).join(' '),
      );
    }
    return { status: 200, body: { message: `${read.data.length} addresses have been added to the ${table} table` } };
  }
  const limit = Number(query.get('limit') ?? 100);
  if (!(limit >= 1 && limit <= MOST)) return { status: 400, body: { message: 'limit must be from 1 to 1000' } };
  const skip = Number(query.get('skip') ?? 0);
  const url = (at: number) => `http://${headers.host}/v3/${domain}/${table}?limit=${limit}&skip=${Math.max(0, at)}`;
  const paging = {
    first: url(0),
    next: url(skip + limit),
    previous: url(skip - limit),
    last: url(listed.length - limit),
  };
  return { status: 200, body: { items: listed.slice(skip, skip + limit).map(shown), paging } };
}

function shown({ address, reason, at, words = '550 5.1.1 The email account does not exist' }: Listed) {
  const created_at = new Date(at).toUTCString().replace('GMT', 'UTC');
  const [, code = '', error = ''] = /^(\d+) ?(.*)$/.exec(words) ?? [];
  return reason === 'bounce' ? { address, code, error, created_at } : { address, created_at };
}
