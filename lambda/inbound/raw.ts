import { createHash } from 'node:crypto';
import type { InboundMessage } from '../contract/inbound.ts';
import type { ObjectStore } from '../platform/object-store.ts';

/**
 * Stores a mail, or the body of a request, unchanged. The same bytes from the same provider are always stored as the same object.
 */
export async function keepRaw(
  store: ObjectStore,
  provider: string,
  raw: { readonly form: 'mime' | 'request'; readonly content: Buffer; readonly contentType: string },
): Promise<InboundMessage['raw']> {
  const s3 = await store.put(`inbound/raw/${provider}/${hashOf(raw.content)}`, raw.content, raw.contentType);
  return { s3, form: raw.form };
}

/** Stores the body of an unreadable request, under another key prefix than mail. */
export async function keepUnreadable(
  store: ObjectStore,
  provider: string,
  content: Buffer,
  contentType: string,
): Promise<void> {
  await store.put(
    `inbound/unreadable/${provider}/${hashOf(content)}`,
    content,
    contentType || 'application/octet-stream',
  );
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
