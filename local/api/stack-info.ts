import type { ProviderType } from '../../lambda/contract/providers.ts';

/** Body of `GET /api/stack`. */
export interface StackInfo {
  /** Whether every function has a process that has imported its handler. */
  readonly ready: boolean;
  readonly queues: {
    readonly outbound?: string;
    readonly deadLetter?: string;
    readonly events?: string;
    readonly inbound?: string;
    /** URLs of retry queues by provider key. */
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

/** Body of `GET /api/stack` for a stack that sends and receives: no field of it is absent. */
export type FullStackInfo = {
  readonly [K in keyof StackInfo]: K extends 'queues' | 'buckets' | 'tables' | 'endpoints'
    ? Required<StackInfo[K]>
    : StackInfo[K];
};

/** Data for a program that posts as a provider: paths at the HTTP API, and keys generated at this start of the stack. */
export interface InboundRoute {
  readonly path?: string;
  /** SES: URL that takes a raw mail, with `?from=…&to=…` for its envelope. */
  readonly url?: string;
  /** Mailgun: paths for raw MIME and for the notification of stored mail. */
  readonly mimePath?: string;
  readonly storePath?: string;
  readonly signingKey?: string;
  readonly previousSigningKey?: string;
  /** Key that reads Mailgun's storage. */
  readonly apiKey?: string;
  readonly username?: string;
  readonly password?: string;
  readonly previousPassword?: string;
}

/** Message counts of a queue. */
export interface QueueCount {
  readonly name: string;
  readonly url: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}
