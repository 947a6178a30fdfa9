import type { ProviderList } from '../../lambda/providers/registry.ts';
import type { MailoverProps } from '../../lib/mailover-props.ts';
import { ACCOUNT, type TestAccount } from './account.ts';

/** Address of the canaries, which Mailgun receives. */
export const CANARY_TO = 'canary@in.example.com';

/** Four providers of four types. Postmark, Mailgun and SES receive and have events; Postmark has a canary. */
export const PROVIDERS = [
  {
    key: 'postmark',
    type: 'postmark',
    options: {},
    events: true,
    canary: { to: CANARY_TO, from: 'canary@example.com', everyMinutes: 240 },
    inbound: { preference: 20 },
  },
  {
    key: 'mailgun',
    type: 'mailgun',
    options: { domain: 'mg.example.com' },
    events: true,
    inbound: { domains: ['in.example.com'], preference: 10 },
  },
  {
    key: 'ses',
    type: 'ses',
    options: { identities: ['example.com'] },
    events: true,
    inbound: { recipients: ['in.example.com'] },
  },
  { key: 'own-mta', type: 'smtp', options: { host: 'mta.example.com' } },
] as const satisfies ProviderList;

/** Settings of a deployment as JSON has them; `vpc`, `encryptionKey` and `bus` say what is looked up. */
export type Described = Partial<Omit<MailoverProps, 'vpc' | 'encryptionKey'>> & {
  readonly vpc?: object;
  readonly encryptionKey?: string;
  readonly bus?: string;
};

/** Deploys the app with these settings over what is deployed; mail is delivered, by the simulators and moto. */
export async function deployLive(account: TestAccount, props: Described = {}): Promise<string> {
  // The account of the tests has no CodeDeploy.
  const live = { stage: 'live', account: ACCOUNT, releases: 'at-once', monitoring: { page: 'elsewhere' } };
  const all = { providers: PROVIDERS, ...live, ...props };
  return await account.run('cdk deploy --app "node test/deploy/app.ts"', {
    MAILOVER_TEST_DEPLOYMENT: JSON.stringify(all),
    // The validation of the template is a part of `npm run check`.
    CDK_VALIDATION: 'false',
  });
}

/** Makes a VPC with two private subnets, a key and an event bus, as a company has them. */
export async function makeSurroundings(account: TestAccount): Promise<Described> {
  const made = async (command: string) => (await account.run(command)).trim();
  const vpcId = await made('aws ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId --output text');
  const zones = ['us-east-1a', 'us-east-1b'];
  const subnets = [];
  for (const [place, zone] of zones.entries())
    subnets.push(
      await made(
        `aws ec2 create-subnet --vpc-id ${vpcId} --cidr-block 10.0.${place}.0/24 --availability-zone ${zone} --query Subnet.SubnetId --output text`,
      ),
    );
  const encryptionKey = await made('aws kms create-key --query KeyMetadata.Arn --output text');
  const bus = await made('aws events create-event-bus --name company --query EventBusArn --output text');
  return { bus, vpc: { vpcId, availabilityZones: zones, privateSubnetIds: subnets }, encryptionKey };
}
