import { createHash } from 'node:crypto';
import type { InboundAttachment } from '../contract/inbound.ts';
import type { ObjectStore } from '../platform/object-store.ts';
import type { ReceivedFile } from '../providers/inbound.ts';
import { clean, mediaType, safeFilename } from './clean.ts';
import { inTurns } from './in-turns.ts';

/** More than any mail of a person holds; the rest stays in the raw mail, so that a bomb costs a bounded number of writes. */
const MAX_FILES = 200;
const AT_A_TIME = 16;

/** The files of a mail in the bucket; `complete` is false if there were more than are taken out. */
export async function keepFiles(
  files: readonly ReceivedFile[],
  store: ObjectStore,
): Promise<{ readonly attachments: readonly InboundAttachment[]; readonly complete: boolean }> {
  const taken = files.slice(0, MAX_FILES);
  const attachments = await inTurns(taken, AT_A_TIME, (file) => keep(file, store));
  return { attachments, complete: taken.length === files.length };
}

async function keep(file: ReceivedFile, store: ObjectStore): Promise<InboundAttachment> {
  const sha256 = createHash('sha256').update(file.content).digest('hex');
  const contentType = mediaType(file.contentType);
  const filename = safeFilename(file.filename);
  const contentId = clean(file.contentId ?? '')
    .trim()
    .replace(/^<(.*)>$/s, '$1');
  // By content, so that a copy or a retry writes the same object.
  const s3 = await store.put(`inbound/attachments/${sha256}`, file.content, 'application/octet-stream');
  return {
    ...(filename !== undefined && { filename }),
    contentType,
    size: file.content.byteLength,
    sha256,
    ...(contentId && { contentId }),
    ...(file.inline && { inline: true as const }),
    s3,
  };
}
