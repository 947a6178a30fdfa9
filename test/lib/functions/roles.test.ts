import { globSync, readFileSync } from 'node:fs';
import { AccountPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { expect, test } from 'vitest';
import { deploy, PROVIDERS, resources } from '../deployment.ts';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const { template, stack } = deploy({
  providers: PROVIDERS.map((provider) => {
    if (provider.key === 'postmark')
      return {
        ...provider,
        inbound: true,
        events: true,
        canary: { to: 'c@in.example.com', from: 'c@example.com', everyMinutes: 30 },
      };
    if (provider.key === 'own-mta') return { ...provider, events: true };
    if (provider.key === 'ses-here') return { ...provider, inbound: { recipients: ['in.example.com'] }, events: true };
    return provider;
  }) as never,
  routes: [{ class: 'news', unsubscribe: true, verifiedRecipients: true }],
});
const { queues, mailBucket, stateTable } = stack.mailover;

/** Short names for the ARNs of this stack. */
const NAMES = new Map<string, string>(
  [
    ['outbound', queues.outbound.queueArn],
    ['dead-letter', queues.deadLetter.queueArn],
    ['events', queues.events.queueArn],
    ['inbound', queues.inbound?.queueArn ?? ''],
    ['ses', stack.mailover.inbound?.ses?.queue.queueArn ?? ''],
    ...Array.from(queues.retry, ([key, { queueArn }]) => [`retry-${key}`, queueArn] as const),
    ['bucket', mailBucket.bucketArn],
    ['published', stack.mailover.published.get('ses-here')?.queue.queueArn ?? ''],
    ['table', stateTable.tableArn],
    ['lists', stack.mailover.listsTable.tableArn],
    ['letter-key', stack.mailover.proofKey.secretArn],
    ['list-key', stack.mailover.suppressionKey?.secretArn ?? ''],
  ].map(([name, arn]) => [JSON.stringify(stack.resolve(arn)), name ?? '']),
);

test.each([
  [
    'Sender',
    [
      ...['outbound', ...keys('retry')].flatMap((queue) => consumes(queue)),
      ...['dead-letter', 'events', ...keys('retry')].map((queue) => `sqs:SendMessage ${queue}`),
      's3:GetObject bucket/submissions/*',
      's3:PutObject bucket/submissions/*',
      's3:ListBucket bucket',
      ...['GetItem', 'BatchGetItem'].map(
        (action) =>
          `dynamodb:${action} table submission/* circuit/* rate/* crash/* tally/* ended/* switch/* suppression/* paused-classes unsubscribed/* verified/*`,
      ),
      'dynamodb:PutItem table submission/* circuit/* rate/* crash/* tally/* ended/* verified/*',
      'dynamodb:Query lists event/*',
      'dynamodb:PutItem lists classes/*',
      ...['Mailover/postmark', 'Mailover/mailgun-us', 'eu/mailgun', 'Mailover/own-mta'].map(reads),
      'secretsmanager:GetSecretValue letter-key',
      'secretsmanager:GetSecretValue list-key',
      ...['ses:SendEmail', 'ses:SendRawEmail'].flatMap((action) => [
        `${action} ses:us-east-1 identity/example.com`,
        `${action} ses:us-east-1 configuration-set/MailoverEventsseshereSetB481F5CA`,
        `${action} ses:eu-west-1 identity/example.com`,
        `${action} ses:eu-west-1 identity/shop@example.org`,
        `${action} ses:eu-west-1 configuration-set/mailover`,
      ]),
    ],
  ],
  [
    'Inbound',
    [
      'sqs:SendMessage inbound',
      'sqs:SendMessage events',
      'dynamodb:GetItem table submission/*',
      ...['Query', 'PutItem'].map((action) => `dynamodb:${action} lists event/*`),
      'secretsmanager:GetSecretValue list-key',
      ...consumes('ses'),
      's3:PutObject bucket/inbound/*',
      's3:GetObject bucket/inbound/ses/*',
      ...['GetItem', 'PutItem'].map((action) => `dynamodb:${action} table inbound/* message-id/* token/* canary/*`),
      reads('Mailover/postmark/webhooks'),
    ],
  ],
  [
    'Events',
    [
      'sqs:SendMessage events',
      ...consumes('published'),
      'secretsmanager:GetSecretValue list-key',
      'dynamodb:GetItem table token/* suppression/* unsubscribed/* verified/* submission/*',
      'dynamodb:PutItem table token/* suppression/* unsubscribed/* verified/*',
      'dynamodb:BatchGetItem table tally/*',
      'dynamodb:Query lists event/* suppressing/*',
      'dynamodb:PutItem lists event/* suppressing/* suppressed/* classes/*',
      reads('Mailover/postmark/webhooks'),
    ],
  ],
  [
    'Health',
    [
      'sqs:SendMessage outbound',
      'secretsmanager:GetSecretValue letter-key',
      ...['GetItem', 'BatchGetItem'].map(
        (action) => `dynamodb:${action} table circuit/* switch/* health/* canary/* tally/*`,
      ),
      'dynamodb:PutItem table health/* canary/*',
      ...['GetItem', 'PutItem'].map((action) => `dynamodb:${action} table paused-classes`),
      'dynamodb:Query lists classes/* suppressing/*',
      ...['Mailover/postmark', 'Mailover/mailgun-us', 'eu/mailgun', 'Mailover/own-mta'].map(reads),
      'ses:GetAccount *',
      'sqs:ListQueues *',
      'sqs:GetQueueAttributes arn:aws:sqs:us-east-1:123456789012:Mailover-MailoverQueuesRetry*',
    ],
  ],
  ['DailyCount', ['dynamodb:Scan table']],
  [
    'Mirror',
    [
      'secretsmanager:GetSecretValue list-key',
      ...['GetItem', 'PutItem'].map((action) => `dynamodb:${action} table suppression/* unsubscribed/*`),
      'dynamodb:BatchGetItem table suppression/* tally/*',
      ...['PutItem', 'DeleteItem'].map((action) => `dynamodb:${action} lists suppressed/* removing/*`),
      'dynamodb:Query lists suppressed/* suppressing/* removing/*',
      reads('Mailover/postmark'),
      'ses:ListSuppressedDestinations *',
      'ses:PutSuppressedDestination *',
      'ses:DeleteSuppressedDestination *',
    ],
  ],
  [
    'Reconciler',
    [
      'sqs:SendMessage inbound',
      's3:PutObject bucket/inbound/*',
      ...['GetItem', 'BatchGetItem', 'PutItem'].map(
        (action) => `dynamodb:${action} table inbound/* message-id/* reconciled/* reconciler/* canary/*`,
      ),
      reads('Mailover/postmark/webhooks'),
      reads('Mailover/postmark'),
    ],
  ],
  [
    'Unsubscribe',
    [
      'sqs:SendMessage events',
      ...['GetItem', 'PutItem'].map((action) => `dynamodb:${action} table unsubscribed/*`),
      'secretsmanager:GetSecretValue list-key',
    ],
  ],
])('the role of %s may do this, and nothing else apart from its log', (name, expected) => {
  expect(allowed(name).toSorted()).toEqual(expected.toSorted());
});

test('a role may access every kind of item that the code names', () => {
  const kinds = globSync('lambda/**/*.ts').flatMap((file) =>
    Array.from(
      readFileSync(file, 'utf8').matchAll(
        /(?:pk(?: =|:)|Key = \(\w+: string\) =>|return(?: .* :)?|get\(|=>) `([a-z-]+)\/\$\{/g,
      ),
      ([, kind]) => kind,
    ),
  );
  const reached = ['Sender', 'Inbound', 'Events', 'Health', 'Reconciler', 'Mirror']
    .flatMap((role) => allowed(role))
    .join(' ');

  expect(new Set(kinds).size).toBeGreaterThan(8);
  expect([...new Set(kinds)].filter((kind) => !reached.includes(` ${kind}/*`) && !NO_ITEMS.has(kind ?? ''))).toEqual(
    [],
  );
});

/** Strings that look like keys of items in the table, but are not. */
const NO_ITEMS: ReadonlySet<string> = new Set(['message', 'unknown', 'mailover']);

test('a producer may put submissions on the queue and under one prefix of the bucket, and read nothing', () => {
  const { template: withProducer } = deploy({}, (own) => {
    const shop = new Role(own, 'Shop', { assumedBy: new AccountPrincipal('123456789012') });
    own.mailover.grantSubmit(shop);
  });
  const statements = Object.entries(resources(withProducer, 'AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith('Shop'))
    .flatMap(([, { Properties }]) => (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement);
  const text = JSON.stringify(statements.map(({ Resource }) => Resource));

  expect(
    statements.flatMap(({ Action }) => Action).filter((action) => /Get(Object|Item)|List|Receive|Delete/.test(action)),
  ).toEqual([]);
  expect(text).toContain('/submissions/*');
  expect(text.match(/\/\*/g)).toHaveLength(1);
});

test('mail over SES uses the identity of another account, and the configuration sets of each kind of tracking', () => {
  const lent = 'arn:aws:ses:us-east-1:210987654321:identity/example.com';
  const { template: borrower } = deploy({
    providers: [
      {
        key: 'ses',
        type: 'ses',
        options: {
          identities: ['example.com'],
          configurationSet: 'plain',
          trackingSets: { opens: 'opens', both: 'both' },
          fromIdentityArn: lent,
        },
      },
    ],
  });

  const rights = allowed('Sender', borrower).filter((line) => line.startsWith('ses:'));

  const sets = ['plain', 'opens', 'both'].map((name) => `ses:us-east-1 configuration-set/${name}`);
  expect(rights.toSorted()).toEqual(
    ['ses:SendEmail', 'ses:SendRawEmail']
      .flatMap((action) => [lent, ...sets].map((one) => `${action} ${one}`))
      .toSorted(),
  );
});

function keys(prefix: string): string[] {
  return [...queues.retry.keys()].map((key) => `${prefix}-${key}`);
}

function consumes(queue: string): string[] {
  return ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes', 'ChangeMessageVisibility'].map(
    (action) => `sqs:${action} ${queue}`,
  );
}

function reads(secret: string): string {
  return `secretsmanager:GetSecretValue ${secret}-??????`;
}

/** Returns every action on every resource that the policies of a role allow. Key prefixes that limit an action are included. */
function allowed(role: string, of = template): string[] {
  return Object.entries(resources(of, 'AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(`Mailover${role}Role`))
    .flatMap(([, { Properties }]) => (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement)
    .flatMap(({ Action, Resource, Condition }) => {
      const bound = (Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? []) as string[];
      if (bound.length > 0) expect(Condition?.['Null']).toEqual({ 'dynamodb:LeadingKeys': 'false' });
      return [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((resource) => [action, nameOf(resource), ...bound].join(' ')));
    })
    .filter((line) => !line.startsWith('logs:'));
}

function nameOf(resource: unknown): string {
  if (typeof resource === 'string') return shortened(resource);
  const known = NAMES.get(JSON.stringify(resource));
  if (known !== undefined) return known;
  const joined = (resource as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
  if (joined)
    return shortened(
      joined[1]
        .map((part) =>
          typeof part === 'string' ? part : (NAMES.get(JSON.stringify(part)) ?? (part as { Ref: string }).Ref),
        )
        .join(''),
    );
  return JSON.stringify(resource);
}

function shortened(arn: string): string {
  return arn
    .replace(/^arn:aws:secretsmanager:us-east-1:123456789012:secret:/, '')
    .replace(/^arn:aws:ses:([^:]+):123456789012:/, 'ses:$1 ');
}
