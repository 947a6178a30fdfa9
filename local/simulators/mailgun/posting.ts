import { randomBytes } from 'node:crypto';
import type { MailgunMissedOptions } from '../../../lambda/providers/mailgun/missed.ts';
import { basicAuthorization } from '../basic-authorization.ts';
import { encodeForm, type PostedField } from '../inbound/form.ts';
import type { PostingType } from '../inbound/posting.ts';
import { eventsAnswer } from './received-events.ts';
import { storageAnswer } from './storage.ts';
import { MAILGUN_FORMS, mailgunBody, signPost } from './webhook.ts';

/** A recorded form that Mailgun has posted, in the format of the test files. */
interface FormFile {
  readonly fields: Readonly<Record<string, string>>;
  readonly files?: readonly { name: string; filename: string; contentType: string; content: string }[];
}

const domainsIn = (missed: object) => (missed as MailgunMissedOptions).domains;

/** Mailgun's routes for received mail. They post a mail in one of three forms. Mailgun's message storage stores every mail. */
export const posting: PostingType = {
  forms: MAILGUN_FORMS,
  // Mailgun repeats a failed post for about eight hours in total (user manual, 2024, and help centre article 202236504).
  // Collected 2026-11-23.
  retries: { minutes: [10, 10, 15, 30, 60, 120, 240], stop: 406 },
  newId: () => randomBytes(32).toString('base64url'),
  messagePath: (id) => `/v3/domains/in.example.com/messages/${id}`,
  route: (path, { signingKey, previousSigningKey, apiKey }) => ({
    path,
    mimePath: `${path}/mime`,
    storePath: `${path}/store`,
    signingKey,
    previousSigningKey,
    /** API key that can read stored messages. */
    apiKey,
  }),
  post({ at, mail, options }, route, messageUrl) {
    const form = MAILGUN_FORMS.find((one) => one === options.form) ?? 'form';
    const path = { form: route.path, mime: route['mimePath'], store: route['storePath'] }[form] ?? '';
    const key = (options.previous ? route['previousSigningKey'] : route['signingKey']) ?? '';
    const signature = signPost(key, Math.floor(at / 1000) - (options.ageSeconds ?? 0));
    return { path, ...mailgunBody(mail, form, signature, messageUrl) };
  },
  replay(payload, { path = '', signingKey = '' }) {
    const { fields, files = [] } = payload as Partial<FormFile>;
    if (typeof fields !== 'object' || fields === null) return undefined;
    const entries: PostedField[] = [
      ...Object.entries(fields),
      ...Object.entries(signPost(signingKey, Math.floor(Date.now() / 1000))),
      ...files.map(
        ({ name, filename, contentType, content }): PostedField => [
          name,
          Buffer.from(content),
          { filename, contentType },
        ],
      ),
    ];
    const to = (fields['recipient'] ?? '').split(',').map((address) => address.trim());
    return { path, to: to.filter(Boolean), ...encodeForm(entries) };
  },
  domains: domainsIn,
  accountOptions: (missed) => ({ domain: domainsIn(missed)[0] ?? '' }),
  api: {
    // The key in the secret of the account may only send mail. Therefore this API needs the key in the secret for received mail.
    keyIn: ({ apiKey = '' }) => apiKey,
    isFor: (path) => /\/domains\/[^/]+\/messages\//.test(path),
    answer(request, { receiving, apiKey, timeScale }) {
      if (request.headers.authorization !== basicAuthorization('api', apiKey)) return undefined;
      return storageAnswer(request, receiving, timeScale) ?? eventsAnswer(request, receiving, timeScale);
    },
  },
};
