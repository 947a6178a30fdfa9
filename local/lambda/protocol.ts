/** What the pool sends to a child process. */
export interface Invocation {
  readonly id: string;
  readonly event: unknown;
  /** Time of day in milliseconds at which the function's time is up. */
  readonly endsAt: number;
  /** X-Ray trace header of this invocation; the SDK hands it on. */
  readonly trace: string;
}

/** What a child process sends back. */
export type ChildReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answered'; readonly id: string; readonly answer?: unknown }
  | { readonly kind: 'failed'; readonly id: string; readonly name: string };
