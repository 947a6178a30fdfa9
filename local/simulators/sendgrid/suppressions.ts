import type { SimulatedList } from '../events/provider-list.ts';
import type { SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';

const PATH = /^\/v3\/suppression\/(bounces|blocks|invalid_emails|spam_reports)(?:\/(.+))?$/;
const MOST = 500;

/**
 * Answers a request about SendGrid's suppression lists (twilio.com/docs/sendgrid/api-reference/bounces-api, 2026-11-29). Returns
 * undefined for any other request. The lists of blocks and of invalid addresses are always empty here. SendGrid has no request
 * that adds an address to one of these lists.
 */
export function listAnswer(
  { method, path, query }: SimulatorRequest,
  list: SimulatedList,
): SimulatorAnswer | undefined {
  const [, name, given] = PATH.exec(path) ?? [];
  if (name === undefined) return undefined;
  const reason = { bounces: 'bounce', spam_reports: 'complaint' }[name];
  const listed = list.all().filter((one) => one.reason === reason);
  const address = given === undefined ? undefined : decodeURIComponent(given).toLowerCase();
  if (method === 'DELETE' && address !== undefined)
    return listed.some((one) => one.address.toLowerCase() === address) && list.remove(address)
      ? { status: 204, body: '' }
      : { status: 404, body: { errors: [{ message: 'not found', field: null }] } };
  if (method !== 'GET') return { status: 405, body: { errors: [{ message: 'method not allowed', field: null }] } };
  const limit = Math.min(MOST, Number(query.get('limit') ?? MOST));
  const offset = Number(query.get('offset') ?? 0);
  return {
    status: 200,
    body: listed
      .filter((one) => address === undefined || one.address.toLowerCase() === address)
      .slice(offset, offset + limit)
      .map(({ address: email, at, words = '550 5.1.1 no such user' }) => ({
        created: Math.floor(at / 1000),
        email,
        ...(reason === 'bounce'
          ? { reason: words, status: /\b\d\.\d\.\d\b/.exec(words)?.[0] ?? '' }
          : { ip: '192.0.2.1' }),
      })),
  };
}
