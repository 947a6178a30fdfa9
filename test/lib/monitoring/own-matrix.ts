import { MATRIX, type Situation } from './alarm-matrix.ts';
import type { Outage } from './outage-world.ts';

/** An outage without the fields for monitoring and recovery. */
type Breaking = Pick<Outage, 'faulty' | 'own' | 'before' | 'minutes' | 'everyMs'>;

/** A fault that is not about one provider, and the alarms that it raises, without the name of the stack. */
export interface Trouble {
  /** Name of the fault; a table in the runbook has a row with this name. */
  readonly trouble: string;
  /** Outage that causes this trouble; absent if the trouble has a separate test. */
  readonly outage?: Breaking;
  readonly alarms: readonly string[];
  /** Alarms that are raised if `monitoring.size` is `small`. */
  readonly small: readonly string[];
}

const MAIL = { everyMs: 10_000, minutes: 30 } as const;

/** Faults of AWS services and of producers. */
export const OWN_MATRIX: readonly Trouble[] = [
  {
    trouble: 'the state table (DynamoDB) does not answer',
    outage: { ...MAIL, own: [{ what: 'table' }] },
    alarms: ['MailStopped', 'NothingAccepted', 'RetryBacklog', 'TableUnreachable'],
    small: ['MailStopped', 'NothingAccepted'],
  },
  {
    trouble: 'the bucket (S3) does not answer, and every fifth mail has an attachment in the bucket',
    outage: { ...MAIL, own: [{ what: 'objects' }] },
    alarms: ['ObjectsUnreachable'],
    small: [],
  },
  {
    trouble: 'SQS does not answer',
    outage: { ...MAIL, own: [{ what: 'queues' }] },
    alarms: ['MailStopped', 'NothingAccepted', 'OldestMessage'],
    small: ['MailStopped', 'NothingAccepted', 'OldestMessage'],
  },
  {
    trouble: 'the KMS key of the option `encryptionKey` is disabled: no queue, table, bucket or secret can be read',
    outage: { ...MAIL, own: [{ what: 'queues' }, { what: 'table' }, { what: 'objects' }, { what: 'secrets' }] },
    alarms: ['MailStopped', 'NothingAccepted', 'OldestMessage', 'SecretsUnreachable'],
    small: ['MailStopped', 'NothingAccepted', 'OldestMessage'],
  },
  {
    trouble: 'Secrets Manager does not answer, and the processes have no cached secrets',
    outage: { ...MAIL, own: [{ what: 'secrets' }] },
    alarms: ['SecretsUnreachable'],
    small: [],
  },
  {
    trouble: 'AWS refuses the credentials of the processes, and SES is the first provider',
    outage: {
      ...MAIL,
      own: [{ what: 'credentials' }],
      faulty: [{ keys: ['ses'], situation: row('fails once') }],
    },
    alarms: ['CredentialsRefused'],
    small: [],
  },
  {
    trouble: 'producers stop submitting mail after three hours of steady mail',
    outage: { everyMs: 10_000, before: 180, minutes: 60, own: [{ what: 'producers' }] },
    alarms: ['ProducersSilent'],
    small: [],
  },
  {
    trouble: 'mail circulates between the sender and its retry queues without waiting',
    alarms: ['SenderRunaway'],
    small: [],
  },
  {
    trouble: 'mail stays on the retry queue of a removed provider, since no function reads the queue any more',
    alarms: ['RemovedQueueMail'],
    small: [],
  },
  {
    trouble:
      'if one provider failed, the other providers could send less in a day than was sent on a day of the last week',
    alarms: ['CapacityShort'],
    small: [],
  },
  {
    trouble: 'mail of a class with `expiresAfterSeconds` waits for a tenth of this time',
    alarms: ['ClassWaits'],
    small: [],
  },
  { trouble: 'canaries (test mails) to a subdomain with one MX do not arrive', alarms: ['MxCanaryMissing'], small: [] },
  {
    trouble:
      'canaries (test mails) through a provider do not return: the provider drops mail, or delivers it hours late',
    alarms: ['CanaryMissing'],
    small: [],
  },
  {
    trouble:
      'within an hour three received mails have the Message-ID of an earlier, different mail to the same recipient',
    alarms: ['InboundIdReused'],
    small: [],
  },
  { trouble: 'the queue message of a waiting mail is deleted', alarms: ['Lost'], small: ['Lost'] },
  {
    trouble: 'events of two providers show that both accepted one mail for one recipient, and no answer was lost',
    alarms: ['SentTwice'],
    small: [],
  },
  {
    trouble: 'a provider reports hard bounces for a third of its mail, and the other providers for 1 %',
    alarms: ['SuppressionsDoubted'],
    small: [],
  },
  {
    trouble: "the API key of a provider has no permission to read the provider's own suppression list",
    alarms: ['SuppressionMirrorFailed'],
    small: [],
  },
  { trouble: 'the function that keeps the suppression list crashes', alarms: ['SuppressionErrors'], small: [] },
  {
    trouble: 'more than 4 % of the mail of a class bounces hard, or recipients report more than 0.08 % of it as spam',
    alarms: ['ClassPaused'],
    small: ['ClassPaused'],
  },
  { trouble: 'SES reviews the account', alarms: ['UnderReview'], small: [] },
  {
    trouble: 'at least 4 % of all mail of the account at SES bounces hard',
    alarms: ['ReputationBounces'],
    small: [],
  },
  {
    trouble: 'recipients report at least 0.08 % of all mail of the account at SES as spam',
    alarms: ['ReputationComplaints'],
    small: [],
  },
  { trouble: 'no reader has taken an event from the events queue for an hour', alarms: ['EventsUnread'], small: [] },
  {
    trouble: 'the event bus or the URL of the application does not accept an event at any try',
    alarms: ['EventsUndelivered'],
    small: [],
  },
  {
    trouble: 'the state table (DynamoDB) does not answer when recipients use links to unsubscribe',
    alarms: ['UnsubscribeFailed'],
    small: [],
  },
];

/** Cases in which several faults occur at the same time. */
export const MIXTURES: readonly Trouble[] = [
  {
    trouble: 'Postmark answers every call with a server error, and Mailgun loses 5 % of its answers',
    outage: {
      ...MAIL,
      minutes: 75,
      faulty: [
        { keys: ['postmark'], situation: row('answers every call with a server error') },
        { keys: ['mailgun'], situation: row('loses 5 % of its answers') },
      ],
    },
    alarms: [
      'FailoverRate',
      'OneWayBroken',
      'mailgun/LostAnswers',
      'postmark/AccountUnknown',
      'postmark/CircuitOpen',
      'postmark/FailureRate',
      'postmark/SomeFailures',
    ],
    small: ['mailgun/Faults', 'postmark/CircuitOpen', 'postmark/Faults'],
  },
  {
    trouble: 'Postmark throttles, and Mailgun fails for 20 % of the mail',
    outage: {
      ...MAIL,
      minutes: 75,
      faulty: [
        { keys: ['postmark'], situation: row('throttles') },
        { keys: ['mailgun'], situation: row('fails for 20 % of the mail') },
      ],
    },
    alarms: ['FailoverRate', 'mailgun/SomeFailures', 'postmark/Throttled'],
    small: ['mailgun/Faults'],
  },
  {
    trouble: 'Postmark takes nine seconds for each mail, and Mailgun has revoked our key',
    outage: {
      ...MAIL,
      faulty: [
        { keys: ['postmark'], situation: row('takes nine seconds for each mail') },
        { keys: ['mailgun'], situation: row('has revoked our key') },
      ],
    },
    alarms: ['OneWayBroken', 'mailgun/AccountRefused', 'postmark/Latency'],
    small: ['mailgun/AccountRefused'],
  },
  {
    trouble: 'the outage of Postmark ends when Mailgun begins to hang',
    outage: {
      ...MAIL,
      faulty: [
        { keys: ['postmark'], situation: row('answers every call with a server error'), to: 15 },
        { keys: ['mailgun'], situation: row('hangs'), from: 15 },
      ],
    },
    alarms: [
      'FailoverRate',
      'OneWayBroken',
      'mailgun/AccountUnknown',
      'mailgun/FailureCount',
      'mailgun/LostAnswers',
      'mailgun/PossibleDuplicates',
      'postmark/AccountUnknown',
      'postmark/CircuitOpen',
      'postmark/FailureRate',
      'postmark/SomeFailures',
    ],
    small: ['mailgun/Faults', 'postmark/CircuitOpen', 'postmark/Faults'],
  },
  {
    trouble: 'Postmark has suspended our account, and the bucket (S3) does not answer',
    outage: {
      ...MAIL,
      faulty: [{ keys: ['postmark'], situation: row('has suspended our account') }],
      own: [{ what: 'objects' }],
    },
    alarms: [
      'FailoverRate',
      'ObjectsUnreachable',
      'OneWayBroken',
      'postmark/AccountRefused',
      'postmark/CircuitOpen',
      'postmark/FailureRate',
    ],
    small: ['postmark/AccountRefused', 'postmark/CircuitOpen', 'postmark/Faults'],
  },
  {
    trouble:
      'Postmark answers every call with a server error, and the state table does not answer for ten minutes of this time',
    outage: {
      ...MAIL,
      faulty: [{ keys: ['postmark'], situation: row('answers every call with a server error') }],
      own: [{ what: 'table', from: 10, to: 20 }],
    },
    alarms: [
      'FailoverRate',
      'MailStopped',
      'NothingAccepted',
      'OneWayBroken',
      'TableUnreachable',
      'postmark/AccountUnknown',
      'postmark/CircuitOpen',
      'postmark/FailureRate',
      'postmark/SomeFailures',
    ],
    small: ['MailStopped', 'NothingAccepted', 'postmark/CircuitOpen', 'postmark/Faults'],
  },
  {
    trouble: 'Postmark closes the connection and drops the mail, and SQS accepts no message from the sender',
    outage: {
      ...MAIL,
      faulty: [
        { keys: ['postmark'], situation: row('reads the request, then closes the connection and drops the mail') },
      ],
      own: [{ what: 'sends' }],
    },
    alarms: [
      'FailoverRate',
      'OneWayBroken',
      'QueuesUnreachable',
      'postmark/CircuitOpen',
      'postmark/FailureRate',
      'postmark/LostAnswers',
      'postmark/PossibleDuplicates',
    ],
    small: ['postmark/CircuitOpen', 'postmark/Faults'],
  },
  {
    trouble: 'Postmark fails, Mailgun has suspended our account, and SES loses 20 % of its answers and cannot be asked',
    outage: {
      ...MAIL,
      minutes: 75,
      faulty: [
        { keys: ['postmark'], situation: row('answers every call with a server error') },
        { keys: ['mailgun'], situation: row('has suspended our account') },
        { keys: ['ses'], situation: { ...row('loses 20 % of its answers'), lookUpFails: true } },
      ],
    },
    alarms: [
      'FailoverRate',
      'OneWayBroken',
      'mailgun/AccountRefused',
      'mailgun/CircuitOpen',
      'mailgun/FailureRate',
      'postmark/AccountUnknown',
      'postmark/CircuitOpen',
      'postmark/FailureRate',
      'postmark/SomeFailures',
      'ses/LostAnswers',
      'ses/PossibleDuplicates',
    ],
    small: [
      'mailgun/AccountRefused',
      'mailgun/CircuitOpen',
      'mailgun/Faults',
      'postmark/CircuitOpen',
      'postmark/Faults',
      'ses/Faults',
    ],
  },
];

function row(fault: string): Situation {
  const found = MATRIX.find((one) => one.fault === fault);
  if (found === undefined) throw new Error(`no row of the matrix is called ${fault}`);
  return found;
}
