import type { ProviderList } from '../../lambda/providers/registry.ts';
import type { MailoverProps } from '../../lib/mailover-props.ts';
import { ACCOUNT, type TestAccount } from './account.ts';

/** Four providers of four types; Postmark, Mailgun and SES receive, too. */
export const PROVIDERS = [
  { key: 'postmark', type: 'postmark', options: {}, inbound: { preference: 20 } },
  {
    key: 'mailgun',
    type: 'mailgun',
    options: { domain: 'mg.example.com' },
    inbound: { domains: ['in.example.com'], preference: 10 },
  },
  { key: 'ses', type: 'ses', options: { identities: ['example.com'] }, inbound: { recipients: ['in.example.com'] } },
  { key: 'own-mta', type: 'smtp', options: { host: 'mta.example.com' } },
] as const satisfies ProviderList;

/** Deploys the app with these settings over what is deployed; mail is delivered, by the simulators and moto. */
export async function deployLive(account: TestAccount, props: Partial<MailoverProps> = {}): Promise<string> {
  const all = { providers: PROVIDERS, stage: 'live', account: ACCOUNT, monitoring: { page: 'elsewhere' }, ...props };
  return await account.run('cdk deploy --app "node test/deploy/app.ts"', {
    MAILOVER_TEST_DEPLOYMENT: JSON.stringify(all),
    // The validation of the template is a part of `npm run check`.
    CDK_VALIDATION: 'false',
  });
}
