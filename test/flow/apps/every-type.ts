import { App } from 'aws-cdk-lib/core';
import { MailoverStack } from '../../../lib/stack.ts';
import { EVERY_TYPE } from '../../lib/monitoring/providers.ts';

/** An app with one provider of every type, including the types that bin/mailover.ts does not use. */
const app = new App();
new MailoverStack(app, 'Mailover', { providers: EVERY_TYPE });
app.synth();
