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
    trouble: 'the bucket (S3) does not answer, and every fifth mail has an attachment there',
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
    trouble: 'the key of `encryptionKey` is disabled: no queue, table, bucket or secret can be read',
    outage: { ...MAIL, own: [{ what: 'queues' }, { what: 'table' }, { what: 'objects' }, { what: 'secrets' }] },
    alarms: ['MailStopped', 'NothingAccepted', 'OldestMessage', 'SecretsUnreachable'],
    small: ['MailStopped', 'NothingAccepted', 'OldestMessage'],
  },
  {
    trouble: 'Secrets Manager does not answer processes without cached secrets',
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
    trouble: 'producers fall silent after three hours of steady mail',
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
    trouble: 'mail stays on the retry queue of a removed provider, which has lost its consumer',
    alarms: ['RemovedQueueMail'],
    small: [],
  },
  {
    trouble: 'without one provider the others may send less in a day than was sent on a day of the last week',
    alarms: ['CapacityShort'],
    small: [],
  },
  { trouble: 'mail of a class with an expiry waits for a tenth of its time', alarms: ['ClassWaits'], small: [] },
  { trouble: 'canaries to a subdomain with one MX do not arrive', alarms: ['MxCanaryMissing'], small: [] },
  {
    trouble: 'canaries over a provider do not return: it drops mail, or delivers it hours late',
    alarms: ['CanaryMissing'],
    small: [],
  },
  {
    trouble: 'received mails have the Message-ID of another mail to the same recipient, three within an hour',
    alarms: ['InboundIdReused'],
    small: [],
  },
  { trouble: 'the message of a waiting mail is deleted from its queue', alarms: ['Lost'], small: ['Lost'] },
  {
    trouble: 'two providers report one mail for one recipient, and no answer was lost',
    alarms: ['SentTwice'],
    small: [],
  },
  {
    trouble: 'a provider reports hard bounces of a third of its mail, the others of one in a hundred',
    alarms: ['SuppressionsDoubted'],
    small: [],
  },
  {
    trouble: 'the key of a provider may not read its own list of suppressed addresses',
    alarms: ['SuppressionMirrorFailed'],
    small: [],
  },
  { trouble: 'the function that keeps the suppression list crashes', alarms: ['SuppressionErrors'], small: [] },
  {
    trouble: 'more than 4 % of the mail of a class bounces, or 0.08 % of it is complained about',
    alarms: ['ClassPaused'],
    small: ['ClassPaused'],
  },
  { trouble: 'SES reviews the account', alarms: ['UnderReview'], small: [] },
  {
    trouble: 'more than 4 % of all mail of the account at SES bounces',
    alarms: ['ReputationBounces'],
    small: [],
  },
  {
    trouble: '0.08 % of all mail of the account at SES is complained about',
    alarms: ['ReputationComplaints'],
    small: [],
  },
  { trouble: 'no program has read the events queue for an hour', alarms: ['EventsUnread'], small: [] },
  {
    trouble: 'the event bus, or the URL of the application, refuses an event at every try',
    alarms: ['EventsUndelivered'],
    small: [],
  },
  { trouble: 'the table of lists does not answer a link to unsubscribe', alarms: ['UnsubscribeFailed'], small: [] },
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
    trouble: 'Postmark takes nine seconds for each mail, and the key of Mailgun is revoked',
    outage: {
      ...MAIL,
      faulty: [
        { keys: ['postmark'], situation: row('takes nine seconds for each mail') },
        { keys: ['mailgun'], situation: row('key revoked') },
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
    trouble: "Postmark's account is suspended, and the bucket does not answer",
    outage: {
      ...MAIL,
      faulty: [{ keys: ['postmark'], situation: row('account suspended') }],
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
    trouble: 'Postmark answers every call with a server error, and the state table is down for ten minutes meanwhile',
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
    trouble: 'Postmark drops the connection and the mail, and SQS takes no message from the sender',
    outage: {
      ...MAIL,
      faulty: [{ keys: ['postmark'], situation: row('takes the request, then drops the connection and the mail') }],
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
    trouble: 'Postmark fails, the account of Mailgun is suspended, and SES loses 20 % of its answers',
    outage: {
      ...MAIL,
      minutes: 75,
      faulty: [
        { keys: ['postmark'], situation: row('answers every call with a server error') },
        { keys: ['mailgun'], situation: row('account suspended') },
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
