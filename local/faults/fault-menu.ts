import type { ProviderType } from '../../lambda/contract/providers.ts';
import type { Fault } from './faults.ts';

/** A fault under a plain name, with its form on the wire of one provider type. */
export interface NamedFault {
  readonly id: string;
  readonly label: string;
  /** The provider's answer, as a detail for the user. */
  readonly detail: string;
  readonly faults: readonly Fault[];
}

/** Answers of one provider type to a mail that it does not accept; `classify.ts` of the type has their meanings. */
interface Wire {
  readonly suspended: readonly Fault[];
  readonly refused: readonly Fault[];
  readonly throttled: readonly Fault[];
  readonly failed: readonly Fault[];
}

const JSON_TYPE = { 'content-type': 'application/json' };

function answer(status: number, body: object, more: Partial<Fault> = {}, headers: Record<string, string> = {}): Fault {
  return { respond: { status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) }, ...more };
}

function sesError(status: number, name: string, message: string): Fault {
  return answer(status, { message }, {}, { 'x-amzn-errortype': name });
}

const FAILED: Fault = { respond: { status: 500, body: '' }, on: 'all' };

const WIRE: Readonly<Record<ProviderType, Wire>> = {
  postmark: {
    // Only sends get this answer: the account's servers and streams look unchanged.
    suspended: [answer(422, { ErrorCode: 413, Message: 'You are not allowed to send emails.' })],
    refused: [answer(422, { ErrorCode: 403, Message: "The field 'MessageStream' is not a string." })],
    throttled: [answer(429, { ErrorCode: 429, Message: 'Rate limit exceeded.' }, {}, { 'retry-after': '30' })],
    failed: [FAILED],
  },
  sendgrid: {
    // Of an account that is out of credits, or whose payment failed; one under review accepts mail and keeps it.
    suspended: [answer(401, { errors: [{ message: 'Maximum credits exceeded', field: null, help: null }] })],
    refused: [answer(400, { errors: [{ message: 'The subject is required.', field: 'subject', help: null }] })],
    throttled: [answer(429, { errors: [{ message: 'too many requests', field: null }] }, {}, { 'retry-after': '30' })],
    failed: [FAILED],
  },
  mailgun: {
    suspended: [answer(403, { message: 'Your account is disabled. Please contact support.' }, { on: 'all' })],
    refused: [answer(400, { message: 'Invalid parameter: message' })],
    throttled: [answer(429, { message: 'Too many requests' }, {}, { 'retry-after': '30' })],
    failed: [FAILED],
  },
  ses: {
    suspended: [
      sesError(400, 'AccountSuspendedException', 'Your account has been suspended.'),
      answer(
        200,
        {
          SendingEnabled: false,
          EnforcementStatus: 'SHUTDOWN',
          ProductionAccessEnabled: true,
          DedicatedIpAutoWarmupEnabled: false,
          SendQuota: { Max24HourSend: 50_000, MaxSendRate: 14, SentLast24Hours: 0 },
        },
        { on: 'health' },
      ),
    ],
    refused: [
      sesError(400, 'ValidationException', "1 validation error detected: Value at 'content.raw' is not valid."),
    ],
    throttled: [sesError(429, 'TooManyRequestsException', 'Too many requests')],
    failed: [FAILED],
  },
  smtp: {
    suspended: [{ smtp: { stage: 'auth', reply: '535 5.7.8 Your account has been suspended' }, on: 'all' }],
    refused: [{ smtp: { stage: 'end', reply: '554 5.6.0 Message refused' } }],
    throttled: [{ smtp: { stage: 'mail', reply: '450 4.7.1 Too many messages, try again later' } }],
    failed: [{ smtp: { stage: 'ehlo', reply: '421 4.3.2 System error' }, on: 'all' }],
  },
};

/** The faults of a provider type that the console offers. */
export function faultMenu(type: ProviderType): NamedFault[] {
  const { suspended, refused, throttled, failed } = WIRE[type];
  const named = (id: string, label: string, faults: readonly Fault[], detail = detailOf(faults)): NamedFault => ({
    id,
    label,
    detail,
    faults,
  });
  return [
    named('suspended', 'account suspended', suspended),
    named('hanging', 'hangs', [{ network: 'hang', on: 'all' }], 'takes the request and never answers'),
    named('refused', 'API refuses everything', refused),
    named('throttled', 'throttles', throttled),
    named('failed', type === 'smtp' ? 'answers 421' : 'answers 500', failed),
    named('closed', 'refuses connections', [{ network: 'refuse', on: 'all' }], 'its port is closed'),
    named(
      'lost',
      'accepts, then the answer is lost',
      [{ network: 'reset-after-accept' }],
      'takes the mail and breaks the connection',
    ),
  ];
}

function detailOf(faults: readonly Fault[]): string {
  const { respond, smtp } = faults[0] ?? {};
  if (smtp) return `${smtp.reply} (at ${smtp.stage})`;
  return respond ? `HTTP ${respond.status} ${respond.body ?? ''}`.trim() : '';
}

/** Id of the fault in force; undefined for none, `other` for a fault that is not in the menu. */
export function faultInForce(type: ProviderType, faults: readonly Fault[]): string | undefined {
  if (faults.length === 0) return undefined;
  const given = JSON.stringify(faults);
  return faultMenu(type).find((named) => JSON.stringify(named.faults) === given)?.id ?? 'other';
}
