import type { InboundMessage } from '../../lambda/contract/inbound.ts';
import type { Payload, PostingType, ReceptionStatus, Try } from '../../local/simulators/inbound/posting.ts';
import { simulatedType } from '../../local/simulators/registry.ts';
import { describeLocalStack, localStackUrl } from '../local-stack.ts';
import { UsageError } from '../usage.ts';
import type { CommandOptions } from './options.ts';
import { earlierCopy, resultsOf, type Wanted } from './result.ts';

/** A mail that a simulated provider has received, in the form in which the API of the local stack lists it. */
export interface StoredReception {
  readonly id: string;
  readonly to: string;
  readonly status: ReceptionStatus;
  readonly tries: readonly Try[];
}

/** A simulated provider that receives mail. */
export interface SimulatorTarget {
  readonly key: string;
  /** How the provider posts mail; absent for a provider that writes mail to the bucket. */
  readonly posting: PostingType | undefined;
  receive(mail: Buffer, options: CommandOptions): Promise<StoredReception[]>;
  /**
   * Posts a recorded request of the provider, unchanged. Returns the status of the answer, and the envelope recipients of the
   * request.
   */
  post(payload: Payload): Promise<{ readonly status: number; readonly to: readonly string[] }>;
  /** Delivers a raw mail to a simulated provider that does not post mail. Returns the status of the answer. */
  deliver(mail: Buffer, options: CommandOptions): Promise<number>;
  /** Returns the messages that reached the inbound queue. */
  results(wanted: Omit<Wanted, 'provider'>, waitMs: number): Promise<InboundMessage[]>;
  /** Returns the earlier message to one of these recipients whose Message-ID occurs in this content. */
  earlier(to: readonly string[], content: string): Promise<InboundMessage | undefined>;
  /** Lists all mails that the provider has received, or only the mail with this id. */
  list(id?: string): Promise<StoredReception[]>;
}

/** Finds the provider that the options name in the running local stack. */
export async function findSimulator({ as, form }: CommandOptions, port: string | undefined): Promise<SimulatorTarget> {
  const base = localStackUrl(port);
  const info = await describeLocalStack(base);
  const keys = Object.keys(info.inbound);
  const typeOf = (key: string): string => info.providers.find((provider) => provider.key === key)?.type ?? '';
  const [key, ...others] = keys.includes(as) ? [as] : keys.filter((candidate) => typeOf(candidate) === as);
  if (key === undefined)
    throw new UsageError(`no provider "${as}" receives mail here; receiving providers: ${keys.join(', ')}`);
  if (others.length > 0) throw new UsageError(`several providers are of type ${as}: ${[key, ...others].join(', ')}`);
  const url = `${base}/api/providers/${key}/inbound`;
  const { posting } = simulatedType(typeOf(key));
  if (form !== undefined && !posting?.forms.includes(form))
    throw new UsageError(`${key} takes ${posting ? `--form ${posting.forms.join(', ')}` : 'no --form'}, not "${form}"`);
  return {
    key,
    posting,
    async receive(mail, options) {
      const { from, to, form, previous, ageSeconds, hold } = options;
      const body = { raw: mail.toString('base64'), from, to, form, previous, ageSeconds, hold };
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
      const answer: unknown = await response.json();
      if (!response.ok) throw new Error((answer as { error: string }).error);
      return answer as StoredReception[];
    },
    async post(payload) {
      const request = posting?.replay(payload, info.inbound[key] ?? {});
      if (request === undefined) throw new UsageError(`the file is not a request of ${key}`);
      const { path, to, contentType, headers, body } = request;
      const response = await fetch(`${info.endpoints.http ?? ''}${path}`, {
        method: 'POST',
        headers: { 'content-type': contentType, ...headers },
        body: new Uint8Array(body),
      });
      return { status: response.status, to };
    },
    async deliver(mail, { from, to }) {
      const query = new URLSearchParams({ from: from ?? '' });
      for (const address of to) query.append('to', address);
      const response = await fetch(`${info.inbound[key]?.url ?? ''}?${query}`, {
        method: 'POST',
        body: new Uint8Array(mail),
      });
      if (!response.ok) throw new Error(((await response.json()) as { error: string }).error);
      return response.status;
    },
    results: (wanted, waitMs) => resultsOf(base, { ...wanted, provider: key }, waitMs),
    earlier: (to, content) => earlierCopy(base, to, content),
    async list(id) {
      const response = await fetch(id === undefined ? url : `${url}?id=${encodeURIComponent(id)}`);
      if (!response.ok) throw new Error(`${url} answers ${response.status}`);
      return (await response.json()) as StoredReception[];
    },
  };
}
