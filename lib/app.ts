import { App, Validations } from 'aws-cdk-lib/core';
import type { MailoverProps } from './mailover.ts';
import { MailoverStack } from './stack.ts';

/** Synthesises the app with one stack, and validates its template unless `CDK_VALIDATION` is `false`. */
export async function synthesise(props: MailoverProps): Promise<void> {
  const account = process.env['CDK_DEFAULT_ACCOUNT'];
  const region = process.env['CDK_DEFAULT_REGION'];
  const app = new App({
    context: {
      // Findings of the template validation stop the synthesis.
      '@aws-cdk/core:validateAgainstDefaultRules': true,
      '@aws-cdk/aws-iam:minimizePolicies': true,
      '@aws-cdk/core:checkSecretUsage': true,
      '@aws-cdk/core:target-partitions': ['aws'],
    },
  });
  new MailoverStack(app, 'Mailover', {
    description: 'Sends mail through several providers',
    ...(account && region && { env: { account, region } }),
    ...props,
  });
  // The CDK's own switch for template validation: a local stack turns it off to start sooner.
  if (process.env['CDK_VALIDATION'] !== 'false') {
    const { AwsSolutionsChecks } = await import('cdk-nag');
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  }
  app.synth();
}
