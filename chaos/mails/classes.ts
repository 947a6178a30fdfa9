import type { UnknownPolicy } from './mail.ts';

/**
 * A class of mail with the settings of its route. The routes of the simulated deployment are made from these settings. The oracle
 * uses them too.
 */
export interface MailClass {
  readonly class: string;
  /** Share of this class in all mail. */
  readonly mails: number;
  readonly providers?: readonly string[];
  readonly expiresAfterSeconds?: number;
  readonly onUnknown?: UnknownPolicy;
  /** A submission of this class may not choose a provider outside of `providers`. */
  readonly strict?: boolean;
  /**
   * Mail of the class is paused if bounces or complaints exceed the limits. Classes without this field are never paused: they have
   * too little mail.
   */
  readonly pauses?: true;
}

/**
 * The classes of mail in the simulation: login codes that are useless after ten minutes, invoices that must not be sent twice,
 * news that expires during outages, a class without a route, and legal mail that only two providers may send. The classes
 * `offers` and `receipts` occur only in the scripted phase, a fixed list of steps at the end of a run: mail of `offers` is
 * paused, and mail of `receipts` must be sent during this pause.
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

/** Names of the classes whose mail is never paused. */
export const EXEMPT: readonly string[] = CLASSES.flatMap(({ class: name, pauses }) => (pauses ? [] : [name]));
