import type { InboundRoute } from '../simulators/inbound/posting.ts';

/** Body of the answer to `GET /api/stack`. */
export interface StackInfo {
  /** Whether the start is complete: every function has a process that has imported its handler. */
  readonly ready: boolean;
  readonly queues: {
    readonly outbound?: string;
    readonly deadLetter?: string;
    readonly events?: string;
    readonly inbound?: string;
    /** URL of each provider's retry queue, by provider key. */
    readonly retry: Readonly<Record<string, string>>;
  };
  readonly buckets: { readonly mail?: string };
  readonly tables: { readonly state?: string; readonly lists?: string };
  readonly endpoints: { readonly aws: string; readonly http?: string; readonly dynamodb?: string };
  readonly providers: readonly { readonly key: string; readonly type: string; readonly url: string }[];
  readonly processes: readonly { readonly function: string; readonly pid: number }[];
  /** Path, keys and passwords with which a provider posts received mail to the local HTTP API, by provider key. */
  readonly inbound: Readonly<Record<string, InboundRoute>>;
  /**
   * Path, keys and passwords with which a provider posts delivery events to the local HTTP API, by provider key. For a provider
   * that publishes its events to a topic, the URL of the queue that gets the events.
   */
  readonly webhooks: Readonly<Record<string, InboundRoute>>;
}

/** Body of the answer to `GET /api/stack` for a stack that both sends and receives mail. In this body no field is absent. */
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
