/**
 * Reasons for which this Lambda process cannot call a provider, although other processes may be able to call it. `credentials-refused`: this
 * process has no AWS credentials, or AWS does not accept them. `clock-skew`: the clock of this process is wrong. `local-limit`: this process
 * has no more memory, file descriptors or ports.
 */
export const WORKER_REASONS = ['credentials-refused', 'clock-skew', 'local-limit'] as const;
export type WorkerReason = (typeof WORKER_REASONS)[number];

/** Returns the given reason if it is a fault of this process only; otherwise undefined. */
export function workerReason(reason: string | undefined): WorkerReason | undefined {
  return WORKER_REASONS.find((one) => one === reason);
}

/**
 * Reasons for which a provider did not accept a message: stable codes for logs, queue message attributes and submission records.
 *
 * A reason does not show who or what is at fault: `quota` can be the quota of our account or of a mailbox. The field `blames` of the
 * outcome shows this.
 */
export type Reason =
  // Reasons that concern our account at the provider.
  | 'access-denied'
  | 'account-disabled'
  | 'account-inactive'
  | 'account-restricted'
  | 'account-suspended'
  | 'authentication'
  | 'client-refused'
  | 'configuration-missing'
  | 'daily-quota'
  | 'domain-disabled'
  | 'domain-not-found'
  | 'domain-not-verified'
  | 'helo-rejected'
  | 'message-stream'
  | 'not-allowed-to-send'
  | 'not-subscribed'
  | 'not-usable'
  | 'payment-required'
  | 'pending-approval'
  | 'probation'
  | 'quota'
  | 'recipient-limit'
  | 'relay-denied'
  | 'sandbox'
  | 'secret-unreadable'
  | 'sending-paused'
  | 'smtp-token'
  | 'tls-required'
  | 'wrong-endpoint'
  | 'wrong-url'
  // Reasons that concern a From address or its domain.
  | 'domain-authentication'
  | 'identity-not-verified'
  | 'mail-from-not-verified'
  | 'sender-refused'
  | 'sender-syntax'
  | 'sender-unconfirmed'
  | 'sender-unknown'
  // Failures of the provider.
  | 'answer-cut'
  | 'conflict'
  | 'connect-failed'
  | 'connect-timeout'
  | 'connection-lost'
  | 'connection-refused'
  | 'dns'
  | 'local-error'
  | 'maintenance'
  | 'network-layer'
  | 'no-mail-service'
  | 'not-sent'
  | 'protocol'
  | 'routing'
  | 'server-error'
  | 'service-unavailable'
  | 'session'
  | 'temporary-failure'
  | 'tls'
  | 'unexpected-status'
  | 'unreachable'
  // Failures of this Lambda process.
  | WorkerReason
  // Reasons of a refusal that concern the message itself. Such a refusal may apply to one recipient only.
  | 'address'
  | 'address-encoding'
  | 'attachment-type'
  | 'batch-too-large'
  | 'content'
  | 'format'
  | 'invalid-email'
  | 'invalid-field'
  | 'invalid-json'
  | 'invalid-request'
  | 'json-required'
  | 'no-visible-recipient'
  | 'policy'
  | 'recipient-disabled'
  | 'recipient-domain'
  | 'recipient-moved'
  | 'recipient-policy'
  | 'recipient-syntax'
  | 'recipient-unknown'
  | 'routing-loop'
  | 'template'
  | 'too-large'
  | 'virus'
  // Reasons that concern a recipient to which no mail may be sent.
  | 'inactive-recipient'
  | 'suppressed'
  // Temporary refusals.
  | 'authentication-deferred'
  | 'concurrency'
  | 'congestion'
  | 'deferred'
  | 'greylisted'
  | 'insufficient-storage'
  | 'limit-exceeded'
  | 'mailbox-busy'
  | 'mailbox-full'
  | 'not-tried'
  | 'policy-deferral'
  | 'rate-limit'
  | 'recipient-rate'
  | 'session-limit'
  | 'too-many-recipients'
  // Reasons for which it is unknown whether the provider accepted the message.
  | 'answer-lost'
  | 'crashed'
  | 'no-answer'
  | 'no-message-id'
  | 'unreadable-answer'
  | 'unrecognised';
