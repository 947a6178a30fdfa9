import { expect, test } from 'vitest';
import { senderEnvironment } from '../../../lambda/contract/environment.ts';
import { healthEnvironment } from '../../../lambda/contract/health-environment.ts';
import { inboundEnvironment } from '../../../lambda/contract/inbound-environment.ts';
import { reconcilerEnvironment } from '../../../lambda/contract/reconciler-environment.ts';
import { deploy, resources } from '../deployment.ts';

const CODECS = {
  Sender: senderEnvironment,
  Health: healthEnvironment,
  Inbound: inboundEnvironment,
  Reconciler: reconcilerEnvironment,
};
const { template } = deploy({
  providers: [
    {
      key: 'mailgun',
      type: 'mailgun',
      options: { domain: 'mg.example.com' },
      inbound: { domains: ['in.example.com'] },
      canary: { to: 'canary@in.example.com', everyMinutes: 30 },
    },
  ],
});
// This list omits the daily count function: the variables of its environment are also a part of the environment of every other
// function.
const functions = Object.entries(resources(template, 'AWS::Lambda::Function')).filter(
  ([id, { Properties }]) => String(Properties['Runtime']).startsWith('nodejs') && !id.startsWith('MailoverDailyCount'),
);

test('each function has the environment of one codec, and of no other', () => {
  const found = functions.map(([id, { Properties }]) => {
    const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
    const given = Object.fromEntries(Object.keys(Variables).map((name) => [name, 'value']));
    return [
      /^Mailover(Sender|Health|Inbound|Reconciler)/.exec(id)?.[1],
      Object.entries(CODECS).flatMap(([name, codec]) => (codec.matches(given) ? [name] : [])),
    ];
  });

  expect(found).toEqual(Object.keys(CODECS).map((name) => [name, [name]]));
});

test('a variable that is missing is named', () => {
  expect(() => healthEnvironment.decode({ MAILOVER_HEALTH_PROVIDERS: '[]' })).toThrow(
    'environment variable MAILOVER_OUTBOUND_QUEUE is missing; the deployment must set it',
  );
});

test('what has no value is left out of the environment, and read as absent', () => {
  const values = {
    providers: [],
    inboundQueueUrl: 'https://sqs.example.com/queue',
    mailBucket: 'mail',
    stateTable: 'state',
    timeScale: undefined,
  };
  const variables = inboundEnvironment.encode(values);

  expect(Object.keys(variables).toSorted()).toEqual([
    'MAILOVER_INBOUND_PROVIDERS',
    'MAILOVER_INBOUND_QUEUE',
    'MAILOVER_MAIL_BUCKET',
    'MAILOVER_STATE_TABLE',
  ]);
  expect(inboundEnvironment.decode(variables)).not.toHaveProperty('timeScale');
});
