/**
 * Why only this process cannot call a provider. `credentials-refused`: AWS does not accept the credentials of its role,
 * or it has none. `clock-skew`: its clock is wrong. `local-limit`: it has no memory, file or port left.
 */
export const WORKER_REASONS = ['credentials-refused', 'clock-skew', 'local-limit'] as const;
export type WorkerReason = (typeof WORKER_REASONS)[number];

/** The reason, if only this process is at fault. */
export function workerReason(reason: string | undefined): WorkerReason | undefined {
  return WORKER_REASONS.find((one) => one === reason);
}

/**
 * Why an attempt was not accepted: stable codes for logs, attributes and the ledger.
 *
 * The outcome states what is to blame, the reason does not: `quota` may be that of our account or of a mailbox.
 */
export type Reason =
  // Account.
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
  // Sender.
  | 'domain-authentication'
  | 'identity-not-verified'
  | 'mail-from-not-verified'
  | 'sender-refused'
  | 'sender-syntax'
  | 'sender-unconfirmed'
  | 'sender-unknown'
  // Outage.
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
  // This worker.
  | WorkerReason
  // Message, possibly for one recipient only.
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
  // A recipient who may not be mailed.
  | 'inactive-recipient'
  | 'suppressed'
  // Time must pass.
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
  // Unknown.
  | 'answer-lost'
  | 'crashed'
  | 'no-answer'
  | 'no-message-id'
  | 'unreadable-answer'
  | 'unrecognised';
