// A CDK app for `cdk --app`. The test describes the settings of the stack as JSON in the environment variable
// MAILOVER_TEST_DEPLOYMENT.

import { Vpc, type VpcAttributes } from 'aws-cdk-lib/aws-ec2';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { synthesise } from '../../lib/app.ts';
import type { MailoverProps } from '../../lib/mailover-props.ts';

type Described = Omit<MailoverProps, 'vpc' | 'encryptionKey'> & {
  readonly vpc?: VpcAttributes;
  readonly encryptionKey?: string;
  readonly bus?: string;
};

const { vpc, encryptionKey, bus, ...props } = JSON.parse(process.env['MAILOVER_TEST_DEPLOYMENT'] ?? '') as Described;

await synthesise({
  ...props,
  ...(vpc && { vpc: (stack) => Vpc.fromVpcAttributes(stack, 'Vpc', vpc) }),
  ...(bus && { events: { bus: (stack) => EventBus.fromEventBusArn(stack, 'Bus', bus) } }),
  ...(encryptionKey && { encryptionKey: (stack) => Key.fromKeyArn(stack, 'Key', encryptionKey) }),
});
