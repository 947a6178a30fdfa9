import type { OnUnknown } from '../lambda/sender/progress.ts';
import { Random } from './world/random.ts';

/** What makes a mail other than the plain one. */
export type Trait =
  | 'plain'
  /** Every provider calls it bad. */
  | 'bad'
  /** Not a submission at all. */
  | 'malformed'
  /** Written for a release to come. */
  | 'future'
  /** Has the id of an earlier mail, and another content. */
  | 'conflict'
  /** The producer sends it again, seconds to days later, since it heard no answer the first time. */
  | 'repeated'
  /** Lies in the bucket as a whole. */
  | 'stored'
  /** Refers to an object that does not exist. */
  | 'missing'
  /** As large as the outbound queue takes. */
  | 'large';

/** One submission of the producers. */
export interface Mail {
  /** Place in the run, from 0; its subject ends with it, so that what providers took can be told apart by content. */
  readonly index: number;
  /** Absent: the producer gave none. */
  readonly id?: string;
  readonly trait: Trait;
  readonly body: string;
  /** In S3, if it lies there. */
  readonly object?: { readonly key: string; readonly content: string };
  readonly recipients: readonly string[];
  /** When the producer sends it, in epoch milliseconds; several times if it repeats itself. */
  readonly sendAt: readonly number[];
  readonly expiresAt?: number;
  readonly onUnknown: OnUnknown;
  /** Providers that it may use. */
  readonly usable: readonly string[];
}

export interface MailsOptions {
  readonly seed: number;
  readonly count: number;
  readonly start: number;
  readonly end: number;
  readonly providers: readonly string[];
  readonly rushes: readonly number[];
}

const MINUTE = 60_000;
const BUCKET = 'mail';
/** What the outbound queue takes: see `lib/queues.ts`. */
export const OUTBOUND_BYTES = 1_032_192;

/** How many of a hundred thousand mails have a trait. */
const TRAITS: readonly (readonly [Trait, number])[] = [
  ['bad', 500],
  ['malformed', 200],
  ['future', 50],
  ['conflict', 300],
  ['repeated', 800],
  ['stored', 500],
  ['missing', 100],
  ['large', 10],
];

/** When much mail comes at once: a few moments of the run. */
export function drawRushes(seed: number, start: number, end: number): number[] {
  const random = new Random(seed, 'rushes');
  return Array.from({ length: 6 + random.int(8) }, () => random.between(start, end - 12 * 60 * MINUTE));
}

/** The mails of a seed. Each has draws of its own, so that a run with fewer mails has the same first ones. */
export function drawMails(options: MailsOptions): Mail[] {
  return Array.from({ length: options.count }, (_, index) => drawMail(index, options));
}

function drawMail(index: number, { seed, start, end, providers, rushes }: MailsOptions): Mail {
  const random = new Random(seed, `mail ${index}`);
  const trait = drawTrait(random);
  const first = sendTime(random, rushes, start, end);
  const again = trait === 'repeated' ? [first + random.scaled(100, 3 * 24 * 60 * MINUTE)] : [];
  const onUnknown = random.chance(0.8) ? 'ask' : random.chance(0.5) ? 'failover' : 'hold';
  const expiresAt = random.chance(0.1)
    ? Math.round(first + random.scaled(2 * MINUTE, 3 * 24 * 60 * MINUTE))
    : undefined;
  const only = random.chance(0.02) ? [random.pick(providers)] : undefined;
  const except = only === undefined && random.chance(0.03) ? [random.pick(providers)] : undefined;
  const recipients = drawRecipients(random, index);
  const ownId = `order/${index}`;
  // A conflict needs an earlier mail to conflict with, and those that share an id are sent close together or far apart.
  const id = trait === 'conflict' && index > 0 ? `order/${random.int(index)}` : random.chance(0.9) ? ownId : undefined;
  const submission = {
    version: trait === 'future' ? 2 : 1,
    ...(id !== undefined && { id }),
    from: { name: 'The Shop', address: 'shop@example.com' },
    to: recipients.slice(0, 1),
    ...(recipients.length > 1 && { cc: recipients.slice(1) }),
    subject: `${trait === 'bad' ? 'bad ' : ''}mail ${index}`,
    text: trait === 'large' ? 'x'.repeat(OUTBOUND_BYTES - 1_024) : 'Thank you for your order.',
    ...(trait === 'missing' && {
      attachments: [
        { filename: 'a.pdf', contentType: 'application/pdf', s3: { bucket: BUCKET, key: `missing/${index}` } },
      ],
    }),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
    ...((onUnknown !== 'ask' || random.chance(0.2)) && { onUnknown }),
    ...((only || except) && { providers: { ...(only && { only }), ...(except && { except }) } }),
    ...(trait === 'malformed' && { sbject: 'a field that does not exist' }),
  };
  const text = JSON.stringify(submission);
  const key = `submissions/${index}`;
  return {
    index,
    ...(id !== undefined && { id }),
    trait,
    body: trait === 'stored' ? JSON.stringify({ version: 1, s3: { bucket: BUCKET, key } }) : text,
    ...(trait === 'stored' && { object: { key, content: text } }),
    recipients,
    sendAt: [first, ...again],
    ...(expiresAt !== undefined && { expiresAt }),
    onUnknown,
    usable: only ?? providers.filter((provider) => !except?.includes(provider)),
  };
}

function drawTrait(random: Random): Trait {
  let left = random.int(100_000);
  for (const [trait, share] of TRAITS) {
    left -= share;
    if (left < 0) return trait;
  }
  return 'plain';
}

/** Most mail comes in a rush of seconds to half an hour, the rest evenly. */
function sendTime(random: Random, rushes: readonly number[], start: number, end: number): number {
  if (random.chance(0.25)) return random.between(start, end);
  const place = random.int(rushes.length);
  const lastsMs = [5_000, 60_000, 10 * MINUTE, 30 * MINUTE][place % 4] as number;
  return Math.min(end, (rushes[place] as number) + random.next() * lastsMs);
}

/** One to four; some are inactive at every provider, some servers busy. */
function drawRecipients(random: Random, index: number): string[] {
  const count = random.chance(0.9) ? 1 : 2 + random.int(3);
  return Array.from({ length: count }, (_, place) => {
    const draw = random.next();
    const kind = draw < 0.01 ? 'inactive' : draw < 0.03 ? 'busy' : 'reader';
    return `${kind}-${index}-${place}@example.org`;
  });
}
