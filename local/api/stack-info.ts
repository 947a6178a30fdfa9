import type { InboundRoute } from '../simulators/inbound/posting.ts';

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
  readonly tables: { readonly state?: string; readonly lists?: string };
  readonly endpoints: { readonly aws: string; readonly http?: string; readonly dynamodb?: string };
  readonly providers: readonly { readonly key: string; readonly type: string; readonly url: string }[];
  readonly processes: readonly { readonly function: string; readonly pid: number }[];
  /** How each provider posts received mail to the HTTP API, by key. */
  readonly inbound: Readonly<Record<string, InboundRoute>>;
  /** How each provider posts delivery events, by key; or the queue that it publishes them to. */
  readonly webhooks: Readonly<Record<string, InboundRoute>>;
}

/** Body of `GET /api/stack` for a stack that sends and receives: no field of it is absent. */
export type FullStackInfo = {
  readonly [K in keyof StackInfo]: K extends 'queues' | 'buckets' | 'tables' | 'endpoints'
    ? Required<StackInfo[K]>
    : StackInfo[K];
};

export interface QueueCount {
  readonly name: string;
  readonly url: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}
