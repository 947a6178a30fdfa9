// An app with the deployment that the test describes, for `cdk --app`: JSON in MAILOVER_TEST_DEPLOYMENT.
import { synthesise } from '../../lib/app.ts';
import type { MailoverProps } from '../../lib/mailover-props.ts';

await synthesise(JSON.parse(process.env['MAILOVER_TEST_DEPLOYMENT'] ?? '') as MailoverProps);
