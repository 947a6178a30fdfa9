import { createHash } from 'node:crypto';
import type { InboundAttachment } from '../contract/inbound.ts';
import { repairedType, structured } from '../mail/structured.ts';
import { defined } from '../platform/defined.ts';
import type { ObjectStore } from '../platform/object-store.ts';
import type { ReceivedFile } from '../providers/inbound.ts';
import { clean, mediaType, safeFilename } from './clean.ts';
import { mapConcurrently } from './map-concurrently.ts';
import { bareId } from './normalise-content.ts';

/**
 * Largest number of files that are stored for one mail. The limit restricts the number of writes that a malicious mail can cause;
 * the stored raw mail still contains all files.
 */
const MAX_FILES = 200;
const AT_A_TIME = 16;

/** Stores the first `MAX_FILES` files of a mail in the bucket; `complete` is false if the mail has more files. */
export async function keepFiles(
  files: readonly ReceivedFile[],
  store: ObjectStore,
): Promise<{ readonly attachments: readonly InboundAttachment[]; readonly complete: boolean }> {
  const taken = files.slice(0, MAX_FILES);
  const attachments = await mapConcurrently(taken, AT_A_TIME, (file) => keep(file, store));
  return { attachments, complete: taken.length === files.length };
}

async function keep(file: ReceivedFile, store: ObjectStore): Promise<InboundAttachment> {
  const sha256 = createHash('sha256').update(file.content).digest('hex');
  const { contentType, charset, method } = typeOf(file);
  const filename = safeFilename(file.filename);
  const contentId = clean(bareId(file.contentId ?? ''));
  const contentLocation = unfolded(clean(file.contentLocation ?? '').trim());
  // The key is a hash of the content, so a retry, or the same mail received again, writes the same object.
  const s3 = await store.put(`inbound/attachments/${sha256}`, file.content, 'application/octet-stream');
  return defined({
    filename,
    contentType,
    charset: charset || undefined,
    method: method || undefined,
    size: file.content.byteLength,
    sha256,
    contentId: contentId || undefined,
    contentLocation: contentLocation || undefined,
    inline: file.inline || undefined,
    s3,
  });
}

/** Returns the media type, and the parameters that an application needs to read the file. */
function typeOf({ contentType: given, content }: ReceivedFile) {
  const { value, params } = structured(repairedType(given));
  const contentType = mediaType(value);
  const { charset = '', method = '' } = params;
  return {
    contentType,
    charset: contentType.startsWith('text/') ? word(charset).toLowerCase() : '',
    method: CALENDARS.has(contentType) ? word(method || methodIn(content)).toUpperCase() : '',
  };
}

const CALENDARS = new Set(['text/calendar', 'application/ics']);

/** Whether a file is in Outlook's own format, which contains the text or files of the mail (MS-OXTNEF). */
export function isTnef({ contentType, filename = '', content }: ReceivedFile): boolean {
  const [type = ''] = contentType.split(';', 1);
  if (/^\s*application\/(vnd\.|x-)?(ms-)?tnef\s*$/i.test(type) || /^winmail\.dat$/i.test(filename)) return true;
  return TNEF_SIGNATURE.every((byte, place) => content[place] === byte);
}

/**
 * First bytes of a file in Outlook's format TNEF (MS-OXTNEF, section 2.1.3.1). The content is compared since mail servers may
 * give such files other names and media types.
 */
const TNEF_SIGNATURE = [0x78, 0x9f, 0x3e, 0x22];

/**
 * Removes white space from a URL that has a scheme: a long URL may be folded over several lines, and a URL contains no white
 * space (RFC 2557, section 4.4.2).
 */
function unfolded(location: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(location) ? location.replace(/\s+/g, '') : location;
}

function word(text: string): string {
  return /^[\w.:+-]{1,60}$/.exec(text.trim())?.[0] ?? '';
}

/**
 * Reads the method of a calendar file, such as `REQUEST`, from the first 4,096 bytes of the file (RFC 5545, section 3.7.2); empty
 * if there is no method.
 */
function methodIn(content: Uint8Array): string {
  const start = Buffer.from(content.buffer, content.byteOffset, Math.min(content.byteLength, 4_096)).toString('latin1');
  return /^METHOD(?:;[^:\r\n]{0,200})?:[ \t]{0,9}([A-Z-]{1,40})[ \t]{0,9}\r?$/im.exec(start)?.[1] ?? '';
}
