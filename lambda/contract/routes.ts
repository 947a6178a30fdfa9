/**
 * How submissions of one class are sent, where it differs from the others. What a submission says itself wins.
 *
 * @example { class: 'login-codes', providers: ['postmark', 'ses'], expiresAfterSeconds: 600, onUnknown: 'failover' }
 */
export interface RouteConfig {
  /** The `class` of the submissions, compared letter by letter; one route for each. */
  readonly class: string;
  /**
   * Keys of the providers that carry this class, best first. It is the whole order: `priority`, `weight` and `share` have
   * no say in it, and a provider that is not named does not carry the class.
   * @default - all providers, in the order that they have for every other mail
   */
  readonly providers?: readonly string[];
  /**
   * Holds every submission of this class to `providers`, such as those who may see its content: one whose
   * `providers.only` names another is `Malformed`. Without it a submission's own choice wins.
   * @default false
   */
  readonly strict?: boolean;
  /**
   * Seconds from the first receive in which a submission without `expiresAt` may be sent, from 30 to 1209600 (14 days).
   * @default - four days
   */
  readonly expiresAfterSeconds?: number;
  /**
   * What happens when a provider may have taken the mail and its answer was lost, if the submission does not say.
   * @default 'ask'
   */
  readonly onUnknown?: 'ask' | 'failover' | 'hold';
  /**
   * What providers may do to learn whether a mail is read, if the submission does not say.
   * @default - nothing: links and pictures stay as they are
   */
  readonly tracking?: { readonly opens?: boolean; readonly clicks?: boolean };
}
