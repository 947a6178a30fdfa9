import type { ProviderType } from '../../lambda/contract/providers.ts';

/** What `GET /api/stack` tells. */
export interface StackInfo {
  /** Whether every function has a process that has imported its handler, so that mail is being sent. */
  readonly ready: boolean;
  readonly queues: {
    readonly outbound?: string;
    readonly deadLetter?: string;
    readonly events?: string;
    readonly inbound?: string;
    /** By provider key. */
    readonly retry: Readonly<Record<string, string>>;
  };
  readonly buckets: { readonly mail?: string };
  readonly tables: { readonly state?: string };
  readonly endpoints: { readonly aws: string; readonly http?: string; readonly dynamodb?: string };
  readonly providers: readonly { readonly key: string; readonly type: ProviderType; readonly url: string }[];
  readonly processes: readonly { readonly function: string; readonly pid: number }[];
  /** How each provider posts received mail to the HTTP API, by key. */
  readonly inbound: Readonly<Record<string, InboundRoute>>;
}

/** What a program needs to play a provider: paths at the HTTP API, and keys made up for this start of the stack. */
export interface InboundRoute {
  readonly path?: string;
  /** SES: takes a raw mail, with `?from=…&to=…`, as another mail server would hand it over. */
  readonly url?: string;
  /** Mailgun's ways of posting the raw mail and of telling about a stored one. */
  readonly mimePath?: string;
  readonly storePath?: string;
  readonly signingKey?: string;
  readonly previousSigningKey?: string;
  /** Reads what Mailgun stores. */
  readonly apiKey?: string;
  readonly username?: string;
  readonly password?: string;
  readonly previousPassword?: string;
}

/** How full a queue is. */
export interface QueueCount {
  readonly name: string;
  readonly url: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}
