import { App, type StackProps, Validations } from 'aws-cdk-lib/core';
import cdk from '../cdk.json' with { type: 'json' };
import { defined } from '../lambda/platform/defined.ts';
import { ConfigurationError } from './configuration/configuration-error.ts';
import type { MailoverProps } from './mailover-props.ts';
import { MailoverStack } from './stack.ts';

/** Options of the app: those of the deployment, and some of its stack. */
export type AppProps = MailoverProps &
  Pick<StackProps, 'stackName' | 'tags' | 'permissionsBoundary' | 'terminationProtection'>;

/**
 * Synthesises the app with one stack, and validates its template unless `CDK_VALIDATION` is `false`. A wrong configuration
 * is printed without a stack trace, which would hide it; the process then ends with 1.
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
  // With an account in the configuration, the CDK's command refuses credentials of another one.
  const account = props.account ?? process.env['CDK_DEFAULT_ACCOUNT'];
  const region = process.env['CDK_DEFAULT_REGION'];
  const app = new App({
    // A wrong configuration leaves nothing to synthesise at the end of the process.
    autoSynth: false,
    // Feature flags of the CDK: set here too, so that the template is the same when the app runs without the CDK's command.
    context: cdk.context,
  });
  new MailoverStack(app, 'Mailover', {
    description: 'Sends mail through several providers',
    env: defined({ account: account || undefined, region: region || undefined }),
    ...props,
  });
  // The CDK's own switch for template validation: a local stack turns it off to start sooner.
  if (process.env['CDK_VALIDATION'] !== 'false') {
    const { AwsSolutionsChecks } = await import('cdk-nag');
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  }
  app.synth();
}
