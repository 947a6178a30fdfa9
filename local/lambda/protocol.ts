/** Message from the parent process to a child process: runs the handler once. */
export interface Invocation {
  readonly id: string;
  readonly event: unknown;
  /** Real time at which the function times out, in epoch milliseconds. */
  readonly endsAt: number;
  /** X-Ray trace header of this invocation. The AWS SDK adds it to requests of the handler. */
  readonly trace: string;
}

/** Message from a child process to its parent process. */
export type ChildReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answered'; readonly id: string; readonly answer?: unknown }
  | { readonly kind: 'failed'; readonly id: string; readonly name: string };
