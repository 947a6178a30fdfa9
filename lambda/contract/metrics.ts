/** CloudWatch namespace of everything that Mailover measures itself. */
export const NAMESPACE = 'Mailover';

interface MetricDefinition {
  readonly unit: 'Count' | 'Milliseconds' | 'Seconds' | 'None';
  /** Dimensions that each value has. Keys of providers and words of a closed list only: each combination is billed as a metric. */
  readonly by: readonly ('provider' | 'outcome')[];
}

const metric = <const T extends MetricDefinition>(definition: T) => definition;

/**
 * Every metric that a function emits and an alarm or the dashboard may name.
 *
 * `outcome` of attempts: accepted, throttled, outage, account, message, recipient or unknown; of dead letters: the reason.
 */
export const METRICS = {
  /** One for each attempt, by what it came to, before failover is decided. */
  Attempts: metric({ unit: 'Count', by: ['provider', 'outcome'] }),
  /** From call to outcome of one attempt. */
  AttemptLatency: metric({ unit: 'Milliseconds', by: ['provider'] }),
  /** Mail that went on from this provider to another one. */
  FailedOver: metric({ unit: 'Count', by: ['provider'] }),
  /** Mail that came to this provider from another one and was accepted. */
  TookOver: metric({ unit: 'Count', by: ['provider'] }),
  /** Another provider accepted what this one called a bad message. */
  Contradictions: metric({ unit: 'Count', by: ['provider'] }),
  /** Mail went on although this provider may have taken it. */
  PossibleDuplicates: metric({ unit: 'Count', by: ['provider'] }),
  /** Mail that this provider cannot carry by its published limits. */
  SkippedUnable: metric({ unit: 'Count', by: ['provider'] }),
  /** Mail that was not offered to this provider because its circuit or an operator held it back. */
  SkippedClosed: metric({ unit: 'Count', by: ['provider'] }),
  /** From first receive to acceptance. */
  Delay: metric({ unit: 'Seconds', by: [] }),
  /** Age of a submission when it is sent to a retry queue. */
  RetryAge: metric({ unit: 'Seconds', by: [] }),
  /** Messages put on the dead-letter queue, by reason. */
  DeadLettered: metric({ unit: 'Count', by: ['outcome'] }),
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;
