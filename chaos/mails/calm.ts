import { defined } from '../../lambda/platform/defined.ts';
import { partsFrom } from '../exercise.ts';
import { Random } from '../world/random.ts';
import { CLASSES } from './classes.ts';
import { written } from './draw.ts';
import { type ExpectedContent, GONE, type Mail } from './mail.ts';

const MINUTE = 60_000;
/** Time after the last fault in which new mail is sent, in milliseconds. */
export const CALM_MAIL_MS = 130 * MINUTE;
const EVERY_MS = 2 * MINUTE;
/** Every fifth of them may use one provider only, in turns. */
const PINNED = 5;
/** Every twelfth sends the previous mail again. */
const SUPERSEDING = 12;

export interface CalmOptions {
  readonly seed: number;
  readonly from: number;
  readonly providers: readonly string[];
  /** Place of the first mail. */
  readonly index: number;
}

/** Mail after the last fault: tests that circuits and holds end. */
export function drawCalmMails({ seed, from, providers, index }: CalmOptions): Mail[] {
  const random = new Random(seed, 'calm');
  return Array.from({ length: Math.floor(CALM_MAIL_MS / EVERY_MS) }, (_, place): Mail => {
    const only = place % PINNED === 0 ? [providers[(place / PINNED) % providers.length] as string] : undefined;
    const supersedes = only === undefined && place % SUPERSEDING === 1 ? `calm/${place - 1}` : undefined;
    const more = defined({ providers: only && { only }, supersedes });
    const sendAt = from + place * EVERY_MS + random.between(0, EVERY_MS);
    return {
      ...simpleMail(`calm/${place}`, index + place, sendAt, providers, more),
      ...(only && { usable: only, ordered: true }),
      ...defined({ supersedes }),
      calm: true,
    };
  });
}

/** The mail of the exercise. */
export function drawExerciseMails({ seed, from, providers, index }: CalmOptions): Mail[] {
  const random = new Random(seed, 'exercise');
  let number = index;
  return partsFrom(seed, from).flatMap((part) =>
    Array.from({ length: Math.floor(part.lastsMs / part.everyMs) }, (_, place): Mail => {
      number += 1;
      const sendAt = part.from + (place + random.next()) * part.everyMs;
      const name = part.classes?.[place % part.classes.length];
      const kind = CLASSES.find((one) => one.class === name);
      const only = part.pinned && [providers.at(-1) as string];
      const { recipients = 1, bounces = 0 } = part;
      const names = Array.from({ length: recipients }, (_one, n) => `${n < bounces ? GONE : 'reader-'}${number}-${n}`);
      const more = defined({ class: kind?.class, providers: only && { only } });
      return {
        ...simpleMail(`exercise/${number}`, number, sendAt, kind?.providers ?? providers, more, names),
        ...(kind && { class: kind.class, onUnknown: kind.onUnknown ?? 'ask', ordered: kind.providers !== undefined }),
        ...(kind?.expiresAfterSeconds && { lastsMs: kind.expiresAfterSeconds * 1_000 }),
        ...(only && { usable: only, ordered: true }),
        part: part.name,
      };
    }),
  );
}

/** One line of text, for one recipient where no `names` are given, over any provider. */
export function simpleMail(
  id: string | undefined,
  index: number,
  sendAt: number,
  usable: readonly string[],
  more: object = {},
  names: readonly string[] = [`reader-${index}-0`],
): Mail {
  const recipients = names.map((name) => `${name}@example.org`);
  const content: ExpectedContent = {
    to: recipients,
    cc: [],
    bcc: [],
    subject: `mail ${index}`,
    text: `All is well (${index})`,
    attachments: [],
  };
  return {
    index,
    ...defined({ id }),
    trait: 'plain',
    body: JSON.stringify({ version: 1, ...defined({ id }), ...written(content), ...more }),
    objects: [],
    content,
    recipients,
    sendAt: [sendAt],
    onUnknown: 'ask',
    usable,
    ordered: false,
  };
}
