import type { UnknownPolicy } from './mail.ts';

/** A class of mail as the deployment's routes have it, repeated here for the oracle. */
export interface MailClass {
  readonly class: string;
  /** Share of all mail. */
  readonly mails: number;
  readonly providers?: readonly string[];
  readonly expiresAfterSeconds?: number;
  readonly onUnknown?: UnknownPolicy;
  /** No submission may choose a provider outside of the list. */
  readonly strict?: boolean;
  /** It pauses above its rates of bounces and complaints; the deployment switches that off for the others, which would need more mail. */
  readonly pauses?: true;
}

/**
 * Login codes that are useless after ten minutes, invoices that must not be sent twice, bulk mail that expires in outages, mail that
 * only two providers may see, and two classes that only the exercise has: one that pauses, and one that pauses would not stop.
 */
export const CLASSES: readonly MailClass[] = [
  {
    class: 'codes',
    mails: 0.06,
    providers: ['mailgun', 'postmark', 'ses'],
    expiresAfterSeconds: 600,
    onUnknown: 'failover',
  },
  { class: 'invoices', mails: 0.06, onUnknown: 'hold' },
  { class: 'news', mails: 0.1, expiresAfterSeconds: 2_700 },
  { class: 'unrouted', mails: 0.03 },
  { class: 'legal', mails: 0.03, providers: ['ses', 'postmark'], strict: true },
  { class: 'offers', mails: 0, pauses: true },
  { class: 'receipts', mails: 0, pauses: true },
];

/** Classes that never pause. */
export const EXEMPT: readonly string[] = CLASSES.flatMap(({ class: name, pauses }) => (pauses ? [] : [name]));
