/** Message of the pool to a child process. */
export interface Invocation {
  readonly id: string;
  readonly event: unknown;
  /** Real time, in epoch milliseconds, of the function's time-out. */
  readonly endsAt: number;
  /** X-Ray trace header of this invocation; the SDK passes it on. */
  readonly trace: string;
}

/** Message of a child process to the pool. */
export type ChildReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answered'; readonly id: string; readonly answer?: unknown }
  | { readonly kind: 'failed'; readonly id: string; readonly name: string };
