import type { ProviderList } from '../../lambda/providers/registry.ts';
import type { MailoverProps } from '../../lib/mailover-props.ts';
import { ACCOUNT, type TestAccount } from './account.ts';

/** Recipient of the canary mails. Mailgun receives the mail of this address. */
export const CANARY_TO = 'canary@in.example.com';

/** Four providers of four types. Postmark, Mailgun and SES also receive mail and report delivery events. Postmark sends canary mails. */
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

/** Settings of a deployment that can be written as JSON. `vpc`, `encryptionKey` and `bus` identify existing resources. */
export type Described = Partial<Omit<MailoverProps, 'vpc' | 'encryptionKey'>> & {
  readonly vpc?: object;
  readonly encryptionKey?: string;
  readonly bus?: string;
};

/**
 * Deploys the app with these settings in the stage `live`, as an update of a stack that is already deployed. In this stage, mail
 * goes out to its real recipients; here, the simulated providers and moto accept it.
 */
export async function deployLive(account: TestAccount, props: Described = {}): Promise<string> {
  // Releases are immediate, since the simulated account has no CodeDeploy.
  const live = { stage: 'live', account: ACCOUNT, releases: 'at-once', monitoring: { page: 'elsewhere' } };
  const all = { providers: PROVIDERS, ...live, ...props };
  return await account.run('cdk deploy --app "node test/deploy/app.ts"', {
    MAILOVER_TEST_DEPLOYMENT: JSON.stringify(all),
    // The template is not validated again here: `npm run check` does this.
    CDK_VALIDATION: 'false',
  });
}

/** Makes a VPC with two private subnets, a KMS key and an event bus. They stand for resources that a company already has. */
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
