import { App, type StackProps, Validations } from 'aws-cdk-lib/core';
import cdk from '../cdk.json' with { type: 'json' };
import { defined } from '../lambda/platform/defined.ts';
import { ConfigurationError } from './configuration/configuration-error.ts';
import type { MailoverProps } from './mailover-props.ts';
import { MailoverStack } from './stack.ts';

/** Options of the app: all options of the deployment, and some options of the CDK stack. */
export type AppProps = MailoverProps &
  Pick<StackProps, 'stackName' | 'tags' | 'permissionsBoundary' | 'terminationProtection'>;

/**
 * Synthesises the app with one stack, and validates the template unless `CDK_VALIDATION` is `false`. If the configuration is
 * wrong, prints the faults and sets the exit code to 1. No stack trace is printed, since the faults would be hard to see in it.
 */
export async function synthesise(props: AppProps): Promise<void> {
  try {
    await synthesiseChecked(props);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

async function synthesiseChecked(props: AppProps): Promise<void> {
  // If the configuration names an account, the command `cdk` refuses credentials of any other account.
  const account = props.account ?? process.env['CDK_DEFAULT_ACCOUNT'];
  const region = process.env['CDK_DEFAULT_REGION'];
  const app = new App({
    // If the command `cdk` runs the app, the CDK by default synthesises the app when the process ends. This option turns that
    // off, since with a wrong configuration there is no stack to synthesise.
    autoSynth: false,
    // The feature flags of the CDK. They are also set here, so that the template is the same when the app runs without the
    // command `cdk`.
    context: cdk.context,
  });
  new MailoverStack(app, 'Mailover', {
    description: 'Sends mail through several providers',
    env: defined({ account: account || undefined, region: region || undefined }),
    ...props,
  });
  // If this variable is `false`, the CDK does not validate the template. A local stack sets the variable to `false` to start
  // sooner, so cdk-nag is not run either.
  if (process.env['CDK_VALIDATION'] !== 'false') {
    const { AwsSolutionsChecks } = await import('cdk-nag');
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  }
  app.synth();
}
