import { Random } from '../world/random.ts';
import { written } from './draw.ts';
import type { Content, Mail } from './mail.ts';

const MINUTE = 60_000;
/** Mail comes for so long after the last fault. */
export const CALM_MAIL_MS = 170 * MINUTE;
const EVERY_MS = 2 * MINUTE;
/** Every so many of them may use one provider only, in turns. */
const PINNED = 5;
/** One of these sends the mail before it again. */
const SUPERSEDING = 12;

export interface CalmOptions {
  readonly seed: number;
  readonly from: number;
  readonly providers: readonly string[];
  /** Place of the first one. */
  readonly index: number;
}

/** Mail when nothing is broken any more: it shows whether what protected the sender in bad times lets go. */
export function drawCalmMails({ seed, from, providers, index }: CalmOptions): Mail[] {
  const random = new Random(seed, 'calm');
  return Array.from({ length: Math.floor(CALM_MAIL_MS / EVERY_MS) }, (_, place): Mail => {
    const number = index + place;
    const only = place % PINNED === 0 ? [providers[(place / PINNED) % providers.length] as string] : undefined;
    const supersedes = only === undefined && place % SUPERSEDING === 1 ? `calm/${place - 1}` : undefined;
    const recipients = [`reader-${number}-0@example.org`];
    const content: Content = {
      to: recipients,
      cc: [],
      bcc: [],
      subject: `mail ${number}`,
      text: `All is well (${number})`,
      attachments: [],
    };
    const id = `calm/${place}`;
    return {
      index: number,
      id,
      trait: 'plain',
      body: JSON.stringify({
        version: 1,
        id,
        ...written(content),
        ...(only && { providers: { only } }),
        ...(supersedes !== undefined && { supersedes }),
      }),
      objects: [],
      content,
      recipients,
      sendAt: [from + place * EVERY_MS + random.between(0, EVERY_MS)],
      onUnknown: 'ask',
      usable: only ?? providers,
      ordered: only !== undefined,
      calm: true,
      ...(supersedes !== undefined && { supersedes }),
    };
  });
}
