import { DEAD_LETTER_REASONS, PROVEN_ATTRIBUTES } from '../../../lambda/contract/dead-letter.ts';

/** A text that hostile submissions contain. It must not be logged. */
export const PLANT = 'planted-7f3a';

const EVIL: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  PLANT,
  `${PLANT}\r\nBcc: ${PLANT}@example.net`,
  '\u0000\u2028\ud800',
  '\u{1f4a9}'.repeat(50),
  [],
  [[PLANT]],
  { 'unheard-of': PLANT },
  { address: `${PLANT}@example.org`, name: `${PLANT}"<>\r\n` },
  `${PLANT}@example.org`,
  'mailover-canary:out:postmark:1',
  '__proto__',
  ['postmark', PLANT],
  { only: ['postmark'] },
  { only: [PLANT], except: ['__proto__'] },
  '2100-01-01T00:00:00Z',
  { bucket: PLANT, key: '../../etc' },
];
const FIELDS = [
  'version',
  'id',
  'class',
  'from',
  'to',
  'cc',
  'bcc',
  'replyTo',
  'subject',
  'text',
  'html',
  'headers',
  'attachments',
  'metadata',
  'tag',
  'unsubscribe',
  'expiresAt',
  'onUnknown',
  'supersedes',
  'providers',
  's3',
  '__proto__',
  'constructor',
  'unheard-of',
  PLANT,
  `${PLANT}@example.org`,
];

/** Returns a random entry of a list. */
export type Pick = <T>(list: readonly T[]) => T;

export function picker(random: () => number): Pick {
  return (list) => list[Math.floor(random() * list.length)] as (typeof list)[number];
}

/** Generates hostile submissions and message attributes. The same random numbers give the same submissions and attributes. */
export function hostileSubmissions(random: () => number) {
  const pick = picker(random);
  return {
    body(place: number): string {
      const mail: Record<string, unknown> = {
        version: 1,
        id: `order-${place}`,
        class: pick(['payslips', 'login-codes', 'news']),
        from: `${PLANT}@example.com`,
        to: [`${PLANT}@example.org`],
        subject: PLANT,
        text: PLANT,
      };
      if (random() < 0.3) delete mail['id'];
      // `Object.defineProperty` is necessary here: an assignment to `__proto__` would change the prototype and set no field.
      const set = (name: string, value: unknown) =>
        Object.defineProperty(mail, name, { value, enumerable: true, configurable: true, writable: true });
      for (let changes = Math.floor(random() * 3); changes > 0; changes--) set(pick(FIELDS), pick(EVIL));
      // The id of a submission is logged, as intended. Therefore an id that contains `PLANT` is replaced.
      if (String(mail['id']).includes(PLANT)) mail['id'] = `order-${place}`;
      const json = JSON.stringify(mail);
      return random() < 0.1 ? json.slice(0, Math.floor(random() * json.length)) || '{' : json;
    },

    attributes(): Record<string, string> {
      const names = [...PROVEN_ATTRIBUTES, 'Proof', 'Detail', PLANT];
      const values = [
        PLANT,
        `${PLANT}\r\nX: ${PLANT}`,
        '2100-01-01T00:00:00Z',
        '2000-01-01T00:00:00Z',
        '0,1,2',
        '-1',
        'NaN',
        '{}',
        '[{"provider":"postmark","kind":"unknown","at":1}]',
        'mailover-canary:out:postmark:1',
        'order-1',
        'A'.repeat(43),
        ...DEAD_LETTER_REASONS,
      ];
      return Object.fromEntries(
        Array.from({ length: Math.floor(random() * 8) }, () => [pick(names), pick(values)] as const),
      );
    },
  };
}
