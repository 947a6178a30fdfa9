/** Message with which the parent process asks a child process to run the handler once. */
export interface Invocation {
  readonly id: string;
  readonly event: unknown;
  /** Real time at which the invocation times out, in epoch milliseconds. */
  readonly endsAt: number;
  /** X-Ray trace header of this invocation. The AWS SDK adds this header to the requests that the handler sends. */
  readonly trace: string;
}

/** Message from a child process to its parent process. */
export type ChildReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answered'; readonly id: string; readonly answer?: unknown }
  | { readonly kind: 'failed'; readonly id: string; readonly name: string };
