import { setTimeout as pause } from 'node:timers/promises';
import type { InboundMessage } from '../../lambda/contract/inbound.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { ReceivedEntry } from '../../local/api/received-log.ts';

const POLL_MS = 200;

/** Filter for messages on the inbound queue: provider, recipients and earliest time. */
export interface Wanted {
  readonly provider: string;
  readonly to: readonly string[];
  readonly since: number;
}

/** Waits at most `waitMs` for the wanted messages. Returns the messages that were found. */
export async function resultsOf(
  base: string,
  { provider, to, since }: Wanted,
  waitMs: number,
): Promise<InboundMessage[]> {
  const wanted = new Set(to.map((address) => address.toLowerCase()));
  const until = performance.now() + waitMs;
  for (;;) {
    const entries = await get<readonly ReceivedEntry[]>(`${base}/api/received?limit=200`);
    const found = (entries ?? []).filter(
      (entry) =>
        entry.provider === provider &&
        Date.parse(entry.at) >= since &&
        (wanted.size === 0 || entry.envelope.to.some((address) => wanted.has(address.toLowerCase()))),
    );
    if (found.length >= wanted.size || performance.now() >= until) {
      const messages = await Promise.all(
        found.map(({ id }) => get<InboundMessage>(`${base}/api/received/${encodeURIComponent(id)}`)),
      );
      return messages.filter((message) => message !== undefined);
    }
    await pause(POLL_MS);
  }
}

/**
 * Returns the newest message that was sent to one of these recipients and has a Message-ID which occurs in `content`. `content`
 * is a mail or a request as text.
 */
export async function earlierCopy(
  base: string,
  to: readonly string[],
  content: string,
): Promise<InboundMessage | undefined> {
  const wanted = new Set(to.map((address) => address.toLowerCase()));
  const entries = (await get<readonly ReceivedEntry[]>(`${base}/api/received?limit=200`)) ?? [];
  for (const { id, envelope } of entries.toReversed()) {
    if (!envelope.to.some((address) => wanted.has(address.toLowerCase()))) continue;
    const message = await get<InboundMessage>(`${base}/api/received/${encodeURIComponent(id)}`);
    const messageId = message?.messageId?.slice(1, -1);
    if (messageId && content.includes(messageId)) return message;
  }
  return undefined;
}

async function get<T>(url: string): Promise<T | undefined> {
  const response = await fetch(url);
  return response.ok ? ((await response.json()) as T) : undefined;
}

/** Returns a message in the form that the command prints: without the headers and the location of the raw mail. */
export function shown({ headers: _headers, raw: _raw, version: _version, ...rest }: InboundMessage): string {
  const attachments = rest.attachments?.map(({ s3: _s3, ...facts }) => facts);
  return JSON.stringify({ ...rest, ...defined({ attachments }) }, null, 2);
}
