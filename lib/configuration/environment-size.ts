import { encodeSenderEnvironment } from '../../lambda/contract/environment.ts';
import { encodeHealthEnvironment, type InboundCanary } from '../../lambda/contract/health-environment.ts';
import { encodeInboundEnvironment, type InboundProvider } from '../../lambda/contract/inbound-environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import { ConfigurationError } from './validate-providers.ts';

/** Lambda's limit for the names and values of all variables together (docs.aws.amazon.com/lambda, quotas, 2026-11-23). */
const MAX_BYTES = 4096;

// A queue URL at its longest: the region's host, the account, and a queue name of 80 characters.
const LONGEST_URL = 'u'.repeat('https://sqs.ap-southeast-99.amazonaws.com.cn/123456789012/'.length + 80);
const LONGEST_BUCKET = 'b'.repeat(63);
// Of our own: CloudFormation names it after the stack and the resource.
const LONGEST_SECRET = 's'.repeat('arn:aws-cn:secretsmanager:ap-southeast-99:123456789012:secret:-AbCdEf'.length + 64);
const LONGEST_TABLE = 't'.repeat(255);

/**
 * Refuses a list that Lambda would refuse later, in the middle of a deployment: what the sender has to be told is too long.
 *
 * @throws ConfigurationError
 */
export function checkEnvironmentSize(providers: readonly ProviderConfig[], routes: readonly RouteConfig[]): void {
  const variables = encodeSenderEnvironment({
    providers,
    routes,
    outboundQueueArn: LONGEST_URL,
    deadLetterQueueUrl: LONGEST_URL,
    eventsQueueUrl: LONGEST_URL,
    retryQueueUrls: Object.fromEntries(providers.map(({ key }) => [key, LONGEST_URL])),
    maxReceiveCount: 1_000,
    straightLogShare: 0.0625,
    mailBucket: LONGEST_BUCKET,
    letterSecret: LONGEST_SECRET,
    stateTable: LONGEST_TABLE,
  });
  check(variables, 'use fewer providers and routes, or shorter options');
}

/**
 * The same for the health check, which is told of canaries and blocklists too.
 *
 * @throws ConfigurationError
 */
export function checkHealthEnvironmentSize(
  providers: readonly ProviderConfig[],
  inboundCanaries: readonly InboundCanary[],
): void {
  const variables = encodeHealthEnvironment({
    providers,
    inboundCanaries,
    letterSecret: LONGEST_SECRET,
    outboundQueueUrl: LONGEST_URL,
    stateTable: LONGEST_TABLE,
  });
  check(variables, 'use fewer providers, or fewer addresses and zones of blocklists');
}

/**
 * The same for the receiver, which is told of source ranges.
 *
 * @throws ConfigurationError
 */
export function checkInboundEnvironmentSize(providers: readonly InboundProvider[]): void {
  const variables = encodeInboundEnvironment({
    providers,
    inboundQueueUrl: LONGEST_URL,
    mailBucket: LONGEST_BUCKET,
    stateTable: LONGEST_TABLE,
  });
  check(variables, 'use fewer receiving providers, or fewer source ranges');
}

function check(variables: Readonly<Record<string, string>>, remedy: string): void {
  const bytes = Buffer.byteLength(Object.entries(variables).flat().join(''));
  if (bytes > MAX_BYTES)
    throw new ConfigurationError([
      `it may need ${bytes} bytes of environment, and a Lambda function has ${MAX_BYTES}: ${remedy}`,
    ]);
}
