import { createHash } from 'node:crypto';
import type { InboundAttachment } from '../contract/inbound.ts';
import { repairedType, structured } from '../mail/structured.ts';
import type { ObjectStore } from '../platform/object-store.ts';
import type { ReceivedFile } from '../providers/inbound.ts';
import { clean, mediaType, safeFilename } from './clean.ts';
import { bareId } from './content.ts';
import { inTurns } from './in-turns.ts';

/**
 * Most files that are stored for one mail, so that a malicious mail causes a bounded number of writes; the raw mail has
 * all of them.
 */
const MAX_FILES = 200;
const AT_A_TIME = 16;

/** Stores the files of a mail in the bucket; `complete` is false if there were more than the limit. */
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
  const { contentType, charset, method } = typeOf(file);
  const filename = safeFilename(file.filename);
  const contentId = clean(bareId(file.contentId ?? ''));
  const contentLocation = clean(file.contentLocation ?? '').trim();
  // The key is a hash of the content, so that a copy or a retry writes the same object.
  const s3 = await store.put(`inbound/attachments/${sha256}`, file.content, 'application/octet-stream');
  return {
    ...(filename !== undefined && { filename }),
    contentType,
    ...(charset && { charset }),
    ...(method && { method }),
    size: file.content.byteLength,
    sha256,
    ...(contentId && { contentId }),
    ...(contentLocation && { contentLocation }),
    ...(file.inline && { inline: true as const }),
    s3,
  };
}

/** The media type with the parameters that an application needs to read the file. */
function typeOf({ contentType: given, content }: ReceivedFile) {
  const { value, params } = structured(repairedType(given));
  const contentType = mediaType(value);
  const { charset = '', method = '' } = params;
  return {
    contentType,
    charset: contentType.startsWith('text/') ? word(charset).toLowerCase() : '',
    method: contentType === 'text/calendar' ? word(method || methodIn(content)).toUpperCase() : '',
  };
}

function word(text: string): string {
  return /^[\w.:+-]{1,60}$/.exec(text.trim())?.[0] ?? '';
}

/** The method of a calendar from its own first lines (RFC 5545, section 3.7.2). */
function methodIn(content: Uint8Array): string {
  const start = Buffer.from(content.buffer, content.byteOffset, Math.min(content.byteLength, 4_096)).toString('latin1');
  return /^METHOD:([A-Z-]{1,40})\r?$/im.exec(start)?.[1] ?? '';
}
