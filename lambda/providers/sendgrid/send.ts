import { AUTHENTICATION, type Outcome } from '../../mail/outcome.ts';
import { defined } from '../../platform/defined.ts';
import type { Attempt, HealthLimits, Provider, ProviderContext } from '../provider.ts';
import { namedIn, type PartialCall, type PartialResult, sendInGroups } from '../split-recipients.ts';
import { watchWire } from '../wire.ts';
import { createWireFetch } from '../wire-fetch.ts';
import { classify, errorsIn, type SendgridAnswer } from './classify.ts';
import { health } from './health.ts';
import { argumentsOf, mailOf, type SendgridMail } from './mail.ts';
import { HOSTS, type SendgridOptions } from './options.ts';

/**
 * Creates a provider for SendGrid. The provider calls `POST /v3/mail/send` without SendGrid's SDK, since the SDK hides network
 * failures.
 *
 * The provider has no look-up. A look-up would need the Email Activity API, which is an optional add-on of an account and answers
 * only six requests a minute (docs.sendgrid.com/api-reference/email-activity, 2026-11-28).
 */
export function create({ options, secret, endpoint, sandbox }: ProviderContext<SendgridOptions>): Provider {
  // The key is sent in a header. A key with other characters than visible ASCII counts as missing.
  const key = /^[!-~]+$/.exec(secret['apiKey']?.trim() ?? '')?.[0];
  const wire = createWireFetch();
  const base = endpoint ?? HOSTS[options.region ?? 'us'];

  async function request(path: string, limits: HealthLimits, mail?: SendgridMail): Promise<SendgridAnswer> {
    const { result, trace } = await watchWire(limits, async () => {
      const answer = await wire.fetch(`${base}${path}`, {
        method: mail ? 'POST' : 'GET',
        headers: {
          authorization: `Bearer ${key}`,
          accept: 'application/json',
          ...defined({ 'content-type': mail && 'application/json' }),
        },
        ...defined({ body: mail && JSON.stringify(mail) }),
      });
      return await answer.text();
    });
    return { trace, ...defined({ body: result }) };
  }

  /** Makes one call, for some of an attempt's recipients. */
  async function call(attempt: Attempt, { recipients, ...limits }: PartialCall): Promise<PartialResult> {
    if (!key) return { outcome: NO_KEY };
    const mail = { ...mailOf(attempt.message, recipients, attempt.tracking, attempt.number), ...(sandbox && TEST) };
    const answer = await request('/v3/mail/send', limits, mail);
    // The answer of SendGrid's sandbox mode has no message id (twilio.com/docs/sendgrid, sandbox-mode, 2026-11-29).
    if (sandbox && answer.trace.status === 200)
      return { outcome: { kind: 'accepted', providerMessageId: `sandbox-${attempt.message.handle}` } };
    return { outcome: classify(answer), named: namedBy(answer, mail, recipients) };
  }

  return {
    send: async (attempt) => ({
      ...(await sendInGroups(attempt, false, (part) => call(attempt, part))),
      dropped: argumentsOf(attempt.message, attempt.number).dropped,
    }),
    async health(limits) {
      if (!key) return { state: 'account-refused', reason: NO_KEY.reason, detail: NO_KEY.detail };
      return await health(request, limits);
    },
    close: wire.close,
  };
}

/** Fields of a request that SendGrid checks, but does not deliver (twilio.com/docs/sendgrid, sandbox-mode, 2026-11-29). */
const TEST = { mail_settings: { sandbox_mode: { enable: true } } } as const;

/** Pattern of the paths with which SendGrid's errors name a recipient in the JSON of a request. */
const RECIPIENT = /^personalizations\.(\d+)\.(to|cc|bcc)\.(\d+)(\.|$)/;

/**
 * Returns the recipients that the errors in an answer name: by a path in the request or, if there is no such path, by address.
 */
function namedBy(answer: SendgridAnswer, mail: SendgridMail, recipients: readonly string[]): readonly string[] {
  const errors = errorsIn(answer);
  const placed = errors.flatMap(({ field }) => {
    const [, copy, list, place] = RECIPIENT.exec(field) ?? [];
    if (list !== 'to' && list !== 'cc' && list !== 'bcc') return [];
    return mail.personalizations[Number(copy)]?.[list]?.[Number(place)]?.email ?? [];
  });
  return placed.length > 0 ? placed : namedIn(errors.map(({ message }) => message).join(' '), recipients);
}

const NO_KEY = {
  kind: 'unavailable',
  blames: 'account',
  reason: AUTHENTICATION,
  detail: 'the secret has no apiKey',
} as const satisfies Outcome;
