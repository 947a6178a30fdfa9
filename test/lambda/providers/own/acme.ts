import {
  account,
  cite,
  type Fact,
  meaningIn,
  message,
  UNRECOGNISED,
  unknown,
} from '../../../../lambda/providers/fact.ts';
import { answerOutcome, networkOutcome, statusMeaning } from '../../../../lambda/providers/network.ts';
import type { Provider, ProviderContext, ProviderDefinition } from '../../../../lambda/providers/provider.ts';
import { watchWire } from '../../../../lambda/providers/wire.ts';
import { createWireFetch } from '../../../../lambda/providers/wire-fetch.ts';

/** Options of an Acme account. Its secret contains `token`. */
interface AcmeOptions {
  /** URL of the account's API, without a slash at the end. */
  readonly url: string;
}

/** Answers with which Acme refuses a mail. */
const API = cite('acme.example/api', '2026-11-28');
const FACTS: readonly Fact[] = [
  { status: [401], means: account('authentication'), source: API },
  { status: [402], means: account('quota'), source: API },
  { status: [400], text: /attachment/i, means: message('attachment-type'), source: API },
];

function create({ options, secret, endpoint = options.url }: ProviderContext<AcmeOptions>): Provider {
  const wire = createWireFetch();
  return {
    async send({ message, recipients, mime, deadlineMs, connectMs }) {
      const raw = (await mime()).toString('base64');
      const body = JSON.stringify({ id: message.handle, from: message.from.address, recipients, mime: raw });
      const headers = { authorization: `Bearer ${secret['token']}`, 'content-type': 'application/json' };
      const { result: text = '', trace } = await watchWire({ deadlineMs, connectMs }, async () =>
        (await wire.fetch(`${endpoint}/mail`, { method: 'POST', headers, body })).text(),
      );
      const { status } = trace;
      if (status === undefined) return { outcome: networkOutcome(trace) };
      const id = /"id":"([^"]+)"/.exec(text)?.[1];
      if (status < 300) return { outcome: id ? { kind: 'accepted', providerMessageId: id } : unknown('no-message-id') };
      const means = meaningIn(FACTS, { status, text }) ?? statusMeaning(status) ?? UNRECOGNISED;
      return { outcome: answerOutcome(means, { status, headers: trace.headers, words: text }) };
    },
    close: wire.close,
  };
}

/** Acme, an invented provider that takes MIME within JSON. */
export const acme: ProviderDefinition<AcmeOptions, never> = {
  type: 'acme',
  title: 'Acme',
  checkOptions: ({ z }) => z.strictObject({ url: z.url('must be the URL of the API') }),
  limits: { maxBytes: 20_000_000, maxRecipients: 100, smtpUtf8: false, quotedLocalPart: true },
  secretFields: ['token'],
  sandbox: 'Sends to a test server.',
  askable: false,
  load: async () => ({ create }),
};
