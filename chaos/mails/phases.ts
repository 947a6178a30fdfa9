import { defined } from '../../lambda/platform/defined.ts';
import { Random } from '../random.ts';
import { stepsFrom } from '../scripted-phase.ts';
import { CLASSES } from './classes.ts';
import { written } from './draw.ts';
import { type ExpectedContent, GONE, type Mail } from './mail.ts';

const MINUTE = 60_000;
/** Duration of the quiet phase, in milliseconds: for this time after the last random fault, new mail is sent. */
export const QUIET_MAIL_MS = 130 * MINUTE;
const EVERY_MS = 2 * MINUTE;
/** Every fifth mail of the quiet phase may use only one provider. The providers of the list are used one after the other. */
const PINNED = 5;
/**
 * Every twelfth mail of the quiet phase supersedes (replaces) the previous mail, unless the twelfth mail may use only one
 * provider.
 */
const SUPERSEDING = 12;

export interface PhaseMailsOptions {
  readonly seed: number;
  readonly from: number;
  readonly providers: readonly string[];
  /** `Mail.index` of the first mail. */
  readonly index: number;
}

/**
 * Draws the mail of the quiet phase, which follows the last random fault. This mail tests that circuit breakers close and that
 * waits for a Retry-After end.
 */
export function drawQuietMails({ seed, from, providers, index }: PhaseMailsOptions): Mail[] {
  const random = new Random(seed, 'calm');
  return Array.from({ length: Math.floor(QUIET_MAIL_MS / EVERY_MS) }, (_, place): Mail => {
    const only = place % PINNED === 0 ? [providers[(place / PINNED) % providers.length] as string] : undefined;
    const supersedes = only === undefined && place % SUPERSEDING === 1 ? `calm/${place - 1}` : undefined;
    const more = defined({ providers: only && { only }, supersedes });
    const sendAt = from + place * EVERY_MS + random.between(0, EVERY_MS);
    return {
      ...simpleMail(`calm/${place}`, index + place, sendAt, providers, more),
      ...(only && { usable: only, ordered: true }),
      ...defined({ supersedes }),
      quiet: true,
    };
  });
}

/** Draws the mail of the scripted phase, which runs a fixed list of steps after the quiet phase. */
export function drawScriptedMails({ seed, from, providers, index }: PhaseMailsOptions): Mail[] {
  const random = new Random(seed, 'exercise');
  let number = index;
  return stepsFrom(seed, from).flatMap((step) =>
    Array.from({ length: Math.floor(step.durationMs / step.everyMs) }, (_, place): Mail => {
      number += 1;
      const sendAt = step.from + (place + random.next()) * step.everyMs;
      const name = step.classes?.[place % step.classes.length];
      const kind = CLASSES.find((one) => one.class === name);
      const only = step.pinned && [providers.at(-1) as string];
      const { recipients = 1, bounces = 0 } = step;
      const names = Array.from({ length: recipients }, (_one, n) => `${n < bounces ? GONE : 'reader-'}${number}-${n}`);
      const more = defined({ class: kind?.class, providers: only && { only } });
      return {
        ...simpleMail(`exercise/${number}`, number, sendAt, kind?.providers ?? providers, more, names),
        ...(kind && { class: kind.class, onUnknown: kind.onUnknown ?? 'ask', ordered: kind.providers !== undefined }),
        ...(kind?.expiresAfterSeconds && { expiresAfterMs: kind.expiresAfterSeconds * 1_000 }),
        ...(only && { usable: only, ordered: true }),
        step: step.name,
      };
    }),
  );
}

/** Creates a mail with one line of text; `names` are the local parts of the recipients' addresses. */
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
