import { defined } from '../../lambda/platform/defined.ts';
import { Random } from '../random.ts';
import { CLASSES, type MailClass } from './classes.ts';
import { drawContent } from './content.ts';
import type { ExpectedContent, Mail, Trait, UnknownPolicy } from './mail.ts';

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

/** For each trait, the number of mails with this trait among a hundred thousand mails. */
const TRAITS: readonly (readonly [Trait, number])[] = [
  ['bad', 500],
  ['malformed', 200],
  ['future', 50],
  ['conflict', 300],
  ['repeated', 800],
  ['superseding', 1_000],
  ['stored', 500],
  ['missing', 100],
  ['large', 10],
];
/** Mail with the version of a later release is sent only in this first part of the phase in which mails and faults are random. */
const FUTURE_SHARE = 0.7;
/**
 * Among this number of first mails of a run, each trait except `large` occurs at least once. A run with fewer mails may lack some
 * of the traits.
 */
const SURE = 100;

const NEVER = '2099-01-01T00:00:00.000Z';
const LONG_AGO = '2001-01-01T00:00:00.000Z';
/** Message attributes that a careless or hostile producer may set, with the names that Mailover uses. */
const HOSTILE: readonly Readonly<Record<string, string>>[] = [
  { SubmissionId: 'order/1\r\nBcc: everybody@example.org', traceparent: '00-0af7651916cd43dd8448eb211c80319c-01' },
  { Reason: 'Refused', SubmissionId: 'order/0', Done: '0,1,2,3,4,5,6,7,8,9', Attempts: '1', FirstSeen: LONG_AGO },
  { Reason: 'Expired', SubmissionId: 'order/2', FirstSeen: LONG_AGO, Proof: 'x'.repeat(43) },
  { NotBefore: NEVER, FirstSeen: NEVER, Attempts: '-1', Provider: 'nobody', Done: '0', History: '[{}]', Worker: 'a b' },
];

/** Draws the times at which much mail is sent within a short time. */
export function drawRushes(seed: number, start: number, end: number): number[] {
  const random = new Random(seed, 'rushes');
  return Array.from({ length: 6 + random.int(8) }, () => random.between(start, end - 12 * 60 * MINUTE));
}

/**
 * Draws the mails of a seed at random. Each mail has its own stream of random numbers, so a run with fewer mails has the same first
 * mails.
 */
export function drawMails(options: MailsOptions): Mail[] {
  return Array.from({ length: options.count }, (_, index) => drawMail(index, options));
}

function drawMail(index: number, { seed, start, end, providers, rushes }: MailsOptions): Mail {
  const random = new Random(seed, `mail ${index}`);
  const trait = drawTrait(random, index);
  const drawn = sendTime(random, rushes, start, end);
  // The sender receives mail with a later version again and again for about a day, and dead-letters the mail at the last receive
  // that SQS allows.
  const first = trait === 'future' ? start + (drawn - start) * FUTURE_SHARE : drawn;
  const again = trait === 'repeated' ? [first + random.scaled(100, 3 * 24 * 60 * MINUTE)] : [];
  const kind = drawClass(random);
  const ownPolicy: UnknownPolicy | undefined = random.chance(0.8)
    ? undefined
    : random.pick(['ask', 'failover', 'hold'] as const);
  const expiresAt = random.chance(0.1)
    ? Math.round(first + random.scaled(2 * MINUTE, 3 * 24 * 60 * MINUTE))
    : undefined;
  const only = random.chance(kind?.strict ? 0.3 : 0.02) ? [random.pick(providers)] : undefined;
  const except = only === undefined && random.chance(0.03) ? [random.pick(providers)] : undefined;
  const content = drawContent(random, index, trait);
  // Id of a mail with a lower index, which may be sent before or after this mail.
  const earlier = `order/${random.int(Math.max(1, index))}`;
  const id = trait === 'conflict' && index > 0 ? earlier : random.chance(0.9) ? `order/${index}` : undefined;
  const supersedes = trait === 'superseding' && index > 0 ? earlier : undefined;
  const submission = {
    version: trait === 'future' ? 2 : 1,
    ...defined({ id, class: kind?.class }),
    ...written(content),
    ...(trait === 'missing' && {
      attachments: [
        {
          filename: 'a.pdf',
          contentType: 'application/pdf',
          s3: { bucket: BUCKET, key: `submissions/missing/${index}` },
        },
      ],
    }),
    ...defined({
      expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
      onUnknown: ownPolicy,
      supersedes,
      providers: only || except ? defined({ only, except }) : undefined,
      sbject: trait === 'malformed' ? 'a field that does not exist' : undefined,
    }),
  };
  const text = JSON.stringify(submission);
  const key = `submissions/${index}`;
  const routed = only ?? kind?.providers;
  const forbidden = kind?.strict === true && only?.some((one) => !kind.providers?.includes(one)) === true;
  return {
    index,
    ...defined({ id }),
    trait,
    ...defined({ attributes: random.chance(0.03) ? random.pick(HOSTILE) : undefined }),
    body: trait === 'stored' ? JSON.stringify({ version: 1, s3: { bucket: BUCKET, key } }) : text,
    objects: [
      ...content.attachments.flatMap(({ key: place, content: bytes }) =>
        place ? [{ key: place, content: bytes }] : [],
      ),
      ...(trait === 'stored' ? [{ key, content: Buffer.from(text) }] : []),
    ],
    content,
    recipients: [...content.to, ...content.cc, ...content.bcc],
    sendAt: [first, ...again],
    ...defined({
      class: kind?.class,
      expiresAt,
      expiresAfterMs:
        expiresAt === undefined && kind?.expiresAfterSeconds ? kind.expiresAfterSeconds * 1_000 : undefined,
    }),
    onUnknown: ownPolicy ?? kind?.onUnknown ?? 'ask',
    usable: (routed ?? providers).filter((provider) => !except?.includes(provider)),
    ordered: routed !== undefined,
    ...defined({ forbidden: forbidden || undefined, supersedes }),
  };
}

/** Returns the fields of a submission with this content, in the form in which a producer writes a submission. */
export function written({ to, cc, bcc, replyTo, subject, text, html, order, attachments }: ExpectedContent): object {
  return {
    from: { name: 'The Shop', address: 'shop@example.com' },
    to,
    ...defined({
      cc: cc.length > 0 ? cc : undefined,
      bcc: bcc.length > 0 ? bcc : undefined,
      replyTo: replyTo === undefined ? undefined : [replyTo],
    }),
    subject,
    text,
    ...defined({ html, headers: order === undefined ? undefined : { 'X-Order': order } }),
    ...(attachments.length > 0 && {
      attachments: attachments.map(({ filename, contentType, content, key }) => ({
        filename,
        contentType,
        ...(key === undefined ? { content: content.toString('base64') } : { s3: { bucket: BUCKET, key } }),
      })),
    }),
  };
}

function drawTrait(random: Random, index: number): Trait {
  let left = random.int(100_000);
  const sure = TRAITS[(index % SURE) - SURE / 2];
  if (index < SURE && sure && sure[0] !== 'large') return sure[0];
  for (const [trait, share] of TRAITS) {
    left -= share;
    if (left < 0) return trait;
  }
  return 'plain';
}

function drawClass(random: Random): MailClass | undefined {
  let left = random.next();
  return CLASSES.find(({ mails }) => {
    left -= mails;
    return left < 0;
  });
}

/**
 * Draws the time at which a mail is sent. Three quarters of the mail is sent in rushes of seconds to half an hour, the rest at any
 * time.
 */
function sendTime(random: Random, rushes: readonly number[], start: number, end: number): number {
  if (random.chance(0.25)) return random.between(start, end);
  const place = random.int(rushes.length);
  const lastsMs = [5_000, 60_000, 10 * MINUTE, 30 * MINUTE][place % 4] as number;
  return Math.min(end, (rushes[place] as number) + random.next() * lastsMs);
}
