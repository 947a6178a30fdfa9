import { expect, it } from 'vitest';
import { goesByTime, Overload } from '../../../local/cloudwatch/overload.ts';
import { givenDeployed } from '../../lib/monitoring/deployed.ts';
import { EVERYTHING } from '../../lib/monitoring/everything.ts';

it.each([
  ['all processors busy and timers late', 10, 60, [true]],
  ['busy, but timers in time', 10, 5, []],
  ['timers late while processors idle', 400, 60, []],
])('%s', (_, idlePerLook, lateMs, expected) => {
  const changes: boolean[] = [];
  const overload = new Overload((is) => changes.push(is));
  for (let look = 1; look <= 12; look++) overload.add({ idle: look * idlePerLook, all: look * 1_000, lateMs });

  expect(changes).toEqual(expected);
});

it('ends when the machine keeps up again', () => {
  const changes: boolean[] = [];
  const overload = new Overload((is) => changes.push(is));
  for (let look = 1; look <= 12; look++) overload.add({ idle: 0, all: look * 1_000, lateMs: 60 });
  for (let look = 13; look <= 30; look++) overload.add({ idle: (look - 12) * 500, all: look * 1_000, lateMs: 1 });

  expect(changes).toEqual([true, false]);
});

/** Alarms on answers of providers, on actions of operators, and on events that a slow machine does not cause. */
const NOT_BY_TIME: readonly string[] = [
  // A provider's words about accounts, mail, senders and recipients.
  'AccountRefused',
  'Blocklisted',
  'CapacityShort',
  'Contradictions',
  'QuotaLow',
  'Refusals',
  'RemovedQueueMail',
  'SenderRefused',
  'SuppressionRise',
  'Throttled',
  'UnrecognisedAnswers',
  // Failures of a quarter of the mail or more, which must raise an alarm on a busy machine too.
  'CircuitOpen',
  'FailureCount',
  'FailureRate',
  // Composites of others.
  'MailStopped',
  'NoProviderLeft',
  'OneWayBroken',
  // Alarms on wrong set-up, and on wrong mail that is sent or received.
  'CredentialsRefused',
  'DeadLetters',
  'EventsDeadLetters',
  'EventsRefused',
  'EventsUnusable',
  'InboundIdReused',
  'InboundNotice',
  'InboundRefused',
  'InboundTooLarge',
  'InboundUnknownPath',
  'InboundUnreadable',
  'ClassPaused',
  'OperatorSwitch',
  'ReputationBounces',
  'ReputationComplaints',
  'UnderReview',
  'PrimaryMxSilent',
  'SentTwice',
  'SuppressionMirrorFailed',
  'SuppressionsDoubted',
  'ProofKeyUnusable',
  'SecondaryMx',
  'SenderRunaway',
  // They need the concurrency limit of an AWS account, which one machine does not have.
  'InboundThrottles',
  'SenderThrottles',
  // Days.
  'DeadLettersExpiring',
  'Lost',
  'InboundExpiring',
  'InboundSesDeadLetters',
  'ReconcilerSkipped',
  'Unproven',
];

it('withholds alarms that depend on time or late answers, and no others', () => {
  const routes = [{ class: 'login-codes', expiresAfterSeconds: 600 }];
  const names = (['full', 'small'] as const).flatMap((size) =>
    givenDeployed({ providers: EVERYTHING, routes, monitoring: { size } }).alarms.map(({ name }) => name),
  );
  const titles = new Set(names.map((name) => name.split('/').at(-1) ?? ''));

  expect([...titles].filter((title) => !goesByTime(`Mailover/ses/${title}`)).sort()).toEqual([...NOT_BY_TIME].sort());
  expect(NOT_BY_TIME.filter(goesByTime)).toEqual([]);
});
