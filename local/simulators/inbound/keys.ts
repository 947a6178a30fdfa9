import type { InboundEnvironment } from '../../../lambda/contract/inbound-environment.ts';
import type { InboundRoute } from '../../api/stack-info.ts';
import type { StackClock } from '../../clock.ts';
import type { ReceivingAccess } from './behaviour.ts';
import { inboundInfo, localInbound } from './facts.ts';
import { Receiving } from './receiving.ts';

/** The receiving halves of all simulated providers. */
export interface LocalReceiving {
  /** Secrets of the inbound function, by name. */
  readonly secrets: readonly { readonly name: string; readonly secret: Readonly<Record<string, string>> }[];
  readonly info: Readonly<Record<string, InboundRoute>>;
  /** Credentials of the APIs about received mail, by provider key. */
  readonly access: Readonly<Record<string, ReceivingAccess>>;
  close(): Promise<void>;
}

/** Generates the keys of every receiving provider, and starts the half that posts to the HTTP API with them. */
export function startReceiving(options: {
  readonly environment: InboundEnvironment | undefined;
  /** Secrets of the sending halves, by key: Postmark has one token for both. */
  readonly providerSecrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly httpUrl: string;
  /** URL of the API, where SES takes its mail. */
  readonly apiUrl: string;
  readonly clock: StackClock;
  /** Address of a provider's simulator; may not be known at the first call. */
  endpointOf(key: string): string;
}): LocalReceiving {
  const { environment, providerSecrets, httpUrl, apiUrl, endpointOf } = options;
  const list = localInbound(environment);
  const info = inboundInfo(list, apiUrl);
  const access: Record<string, ReceivingAccess> = {};
  for (const { provider, secret } of list) {
    const { key, type } = provider;
    if (type === 'ses') continue;
    const receiving = new Receiving({
      key,
      type,
      clock: options.clock,
      target: () => info[key] && { ...info[key], url: httpUrl },
      messageUrl: (id) => `${endpointOf(key)}/v3/domains/in.example.com/messages/${id}`,
    });
    const apiKey = (type === 'mailgun' ? secret?.['apiKey'] : providerSecrets[key]?.['serverToken']) ?? '';
    access[key] = {
      receiving,
      apiKey,
      get timeScale() {
        return options.clock.scale;
      },
    };
  }
  return {
    secrets: list.flatMap(({ provider: { secretName }, secret }) =>
      secretName === undefined || secret === undefined ? [] : [{ name: secretName, secret }],
    ),
    info,
    access,
    async close() {
      for (const { receiving } of Object.values(access)) receiving.close();
    },
  };
}
