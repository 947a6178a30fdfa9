import { expect, test } from 'vitest';
import { deploy, PROVIDERS, type Resource, resources } from '../deployment.ts';

const GONE = 'ses-ireland';
const before = deploy();
const after = deploy({ providers: PROVIDERS.filter(({ key }) => key !== GONE) });
const queueId = (before.stack.resolve(before.stack.mailover.queues.retry.get(GONE)?.queueUrl) as { Ref: string }).Ref;

/** Returns the resources that the second deployment removes from the template. */
function dropped(type: string): Record<string, Resource> {
  const left = resources(after.template, type);
  return Object.fromEntries(Object.entries(resources(before.template, type)).filter(([id]) => !(id in left)));
}

test('a provider that is removed from the list leaves its retry queue and the consumer of that queue behind', () => {
  expect(Object.keys(dropped('AWS::SQS::Queue'))).toEqual([queueId]);
  for (const type of ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'AWS::Lambda::EventSourceMapping']) {
    const resources = Object.values(dropped(type));
    expect(resources, type).toHaveLength(1);
    expect(resources[0], type).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate' });
  }
});

test('the consumer of the queue stays the same function, and the policy of the queue grants it access', () => {
  expect(dropped('AWS::Lambda::Function')).toEqual({});
  expect(dropped('AWS::IAM::Role')).toEqual({});
  const [roleId] = Object.keys(resources(after.template, 'AWS::IAM::Role'));
  const [policy] = Object.values(dropped('AWS::SQS::QueuePolicy'));
  expect(policy?.Properties['PolicyDocument']).toMatchObject({
    Statement: expect.arrayContaining([
      {
        Effect: 'Allow',
        Principal: { AWS: { 'Fn::GetAtt': [roleId, 'Arn'] } },
        Action: expect.arrayContaining(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']),
        Resource: { 'Fn::GetAtt': [queueId, 'Arn'] },
      },
    ]),
  });
});

test('the environment of the sender no longer has it', () => {
  expect(JSON.stringify(resources(after.template, 'AWS::Lambda::Function'))).not.toContain(GONE);
});
