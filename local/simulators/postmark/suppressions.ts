import { z } from 'zod';
import type { SimulatorAnswer } from '../http-simulator.ts';

const PATH = /^\/message-streams\/([^/]+)\/suppressions(\/delete|\/dump)?$/;
const bodySchema = z.object({ Suppressions: z.array(z.object({ EmailAddress: z.string() })).max(50) });

/** Postmark's inactive addresses, one list per message stream, behind its suppression API. */
export class PostmarkSuppressions {
  readonly #lists = new Map<string, Map<string, string>>();

  has(stream: string, address: string): boolean {
    return this.#lists.get(stream)?.has(address.toLowerCase()) ?? false;
  }

  /** Answers a call of the suppression API; undefined if it is none. */
  answer(method: string, path: string, body: unknown): SimulatorAnswer | undefined {
    const found = PATH.exec(path);
    if (!found) return undefined;
    const [, stream = '', action] = found;
    const list = this.#lists.get(stream) ?? new Map<string, string>();
    this.#lists.set(stream, list);
    if (action === '/dump') return method === 'GET' ? { status: 200, body: dump(list) } : undefined;
    if (method !== 'POST') return undefined;
    const result = bodySchema.safeParse(body);
    if (!result.success) return { status: 422, body: { ErrorCode: 403, Message: 'Invalid request field(s).' } };
    const Suppressions = result.data.Suppressions.map(({ EmailAddress }) => {
      if (action === '/delete') list.delete(EmailAddress.toLowerCase());
      else list.set(EmailAddress.toLowerCase(), new Date().toISOString());
      return { EmailAddress, Status: action === '/delete' ? 'Deleted' : 'Suppressed', Message: null };
    });
    return { status: 200, body: { Suppressions } };
  }
}

function dump(list: ReadonlyMap<string, string>) {
  return {
    Suppressions: [...list].map(([EmailAddress, CreatedAt]) => ({
      EmailAddress,
      SuppressionReason: 'ManualSuppression',
      Origin: 'Customer',
      CreatedAt,
    })),
  };
}
