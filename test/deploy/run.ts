import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { deploymentEnvironment, secretNameOf } from '../../lambda/contract/deployment.ts';
import { senderEnvironment } from '../../lambda/contract/environment.ts';
import { eventsEnvironment } from '../../lambda/contract/events-environment.ts';
import { inboundEnvironment } from '../../lambda/contract/inbound-environment.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import { makeSecret } from '../../local/aws/secrets.ts';
import { StackClock } from '../../local/clock.ts';
import { type Fault, FaultBoard } from '../../local/faults/faults.ts';
import { startHttpApi } from '../../local/http-api/server.ts';
import { functionEnvironment } from '../../local/lambda/function-environment.ts';
import { Pool } from '../../local/lambda/pool.ts';
import { ownHosts } from '../../local/network/own-hosts.ts';
import type { AcceptedEntry } from '../../local/simulators/accepted-log.ts';
import { mailExchange } from '../../local/simulators/inbound/mail-exchange.ts';
import type { LocalReceiver } from '../../local/simulators/inbound/receiving.ts';
import { signPost } from '../../local/simulators/mailgun/webhook.ts';
import { startSimulators, tlsHosts } from '../../local/simulators/main.ts';
import { makeCertificate } from '../../local/simulators/smtp/certificate.ts';
import { startReceiving } from '../../local/simulators/start-receiving.ts';
import { REGION, type TestAccount } from './account.ts';
import type { Inventory, InventoryFunction } from './inventory.ts';
import { SqsPoller } from './poller.ts';

/** The Lambda functions of a deployed stack, running on this machine. They use the simulated AWS account and simulated providers. */
export interface RunningStack {
  /** Sets the faults of a simulated provider. An empty list removes all faults. */
  breakProvider(key: string, faults: readonly Fault[]): Promise<void>;
  /** Returns the mails that the simulated providers accepted, except for SES: moto simulates SES. */
  accepted(): Promise<readonly AcceptedEntry[]>;
  /** Returns the receiving part of a simulated provider. It posts each mail that it receives to the webhook of the stack. */
  receiver(key: string): LocalReceiver;
  /** Posts a delivery event to the webhook with the credentials of the provider, and returns the HTTP status of the answer. */
  postEvent(key: string, event: object): Promise<number>;
  /** URL of the HTTP API of the stack. */
  readonly httpUrl: string;
  /** Invokes a Lambda function once, as EventBridge does. `logicalId` is the beginning of its logical id, or its name. */
  invoke(logicalId: string, event: unknown): Promise<unknown>;
  /**
   * Length of the longest chain of invocations so far, of all queues. In a chain, a message that an invocation sends causes the
   * next invocation.
   */
  readonly longestChain: number;
  /** Output of the functions, each part with the logical id of its function. */
  readonly output: readonly string[];
  close(): Promise<void>;
}

/**
 * Starts the functions of a deployed stack, their event source mappings and their HTTP API. The functions get the environment
 * variables with the values that CloudFormation computed. Missing secrets are created, as an operator would do.
 */
export async function runStack(
  account: TestAccount,
  deployed: Inventory,
  { timeScale = 1, mappings = deployed.mappings }: { timeScale?: number; mappings?: Inventory['mappings'] } = {},
): Promise<RunningStack> {
  const clock = new StackClock(timeScale);
  const faults = new FaultBoard();
  const own = ownHosts();
  const closers: (() => Promise<unknown>)[] = [];
  const output: string[] = [];
  const pools = new Map<string, Pool>();
  const environments = deployed.functions.map(({ environment }) => environment);
  const sender = environments.find((one) => senderEnvironment.matches(one)) ?? {};
  const receiver = environments.find((one) => inboundEnvironment.matches(one));
  const reporter = environments.find((one) => eventsEnvironment.matches(one));
  const { providers } = senderEnvironment.decode(sender);
  const { name } = deploymentEnvironment.decode(sender);
  const invoke = async (functionName: string, event: unknown): Promise<unknown> => {
    const pool = pools.get(functionName);
    if (pool === undefined) throw new Error(`there is no function ${functionName}`);
    return await pool.invoke(event);
  };
  const http = await startHttpApi({ port: 0, own, apis: () => deployed.apis, invoke, now: Date.now });
  closers.push(http.close);

  const secrets: Record<string, Record<string, string>> = {};
  for (const provider of providers) {
    const fields = definitionOf(provider.type).secretFields;
    if (fields.length > 0)
      secrets[provider.key] = await secretOf(account, secretNameOf(provider, name), makeSecret(provider.key, fields));
  }
  const endpoints: Record<string, string> = {};
  const mail = startReceiving({
    environment: receiver && inboundEnvironment.decode(receiver),
    events: reporter && eventsEnvironment.decode(reporter),
    publish() {},
    queueUrlOf: (arn) => deployed.queues.find((queue) => queue.arn === arn)?.url ?? '',
    providerSecrets: secrets,
    httpUrl: http.url,
    apiUrl: '',
    endpointOf: (key) => endpoints[key] ?? '',
    clock,
  });
  closers.push(mail.close);
  // Replaces the webhook secrets of an earlier start, since the simulated providers know only the new secrets.
  for (const { name: secretName, secret } of mail.secrets) await putSecret(account, secretName, secret);
  const tls = await makeCertificate(tlsHosts(providers));
  const certificateFile = join(account.directory, 'certificate.pem');
  writeFileSync(certificateFile, tls.cert);
  const simulators = await startSimulators({
    providers: providers.filter(({ type }) => type !== 'ses'),
    basePort: 0,
    secrets,
    tls,
    faults,
    own,
    clock,
    // The mail server (MX) of this domain is that of the simulated Mailgun.
    deliver: mailExchange({
      zones: new Map([['in.example.com', ['mailgun']]]),
      isUp: () => true,
      receive: async (key, reception) => await mail.access[key]?.receiving.take(reception),
    }),
    receiving: mail.access,
  });
  closers.push(simulators.close);
  Object.assign(endpoints, simulators.endpoints);

  const surroundings = {
    awsUrl: account.endpoint,
    dynamodbUrl: account.endpoint,
    endpoints,
    healthEndpoints: simulators.healthEndpoints,
    certificateFile,
    clock,
  };
  const environmentOf = (target: InventoryFunction) => ({
    ...functionEnvironment(target, surroundings),
    ...target.credentials,
    MAILOVER_LOCAL_FUNCTION_ARN: target.arn,
  });
  for (const target of deployed.functions) {
    const pool = new Pool(target, () => environmentOf(target), 2, {
      onOutput: (text) => output.push(`${target.logicalId}: ${text}`),
      onInvocation: () => {},
      onThrottle: () => {},
    });
    pools.set(target.name, pool);
    closers.push(() => pool.close());
  }
  await Promise.all(Array.from(pools.values(), ({ ready }) => ready));
  const pollers = mappings.flatMap((mapping) => {
    const pool = pools.get(mapping.functionName);
    const queue = deployed.queues.find(({ arn }) => arn === mapping.queueArn);
    const target = deployed.functions.find((one) => one.name === mapping.functionName);
    if (pool === undefined || queue === undefined || target === undefined) return [];
    return [new SqsPoller(mapping, queue.url, sqsOf(account, target.credentials), pool)];
  });
  closers.push(() => Promise.all(pollers.map((poller) => poller.close())));
  return {
    breakProvider: (key, list) => faults.set(key, list),
    accepted: () => simulators.accepted.list(),
    receiver(key) {
      const found = mail.access[key];
      if (found === undefined) throw new Error(`${key} does not receive`);
      return found;
    },
    async postEvent(key, event) {
      const { path, username, password, signingKey } = mail.webhooks[key] ?? {};
      if (path === undefined) throw new Error(`${key} posts no events`);
      const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      const response = await fetch(`${http.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(username && { authorization: basic }) },
        body: JSON.stringify(
          signingKey ? { ...event, signature: signPost(signingKey, Math.floor(Date.now() / 1000)) } : event,
        ),
      });
      return response.status;
    },
    httpUrl: http.url,
    async invoke(logicalId, event) {
      const found = deployed.functions.find((one) => one.logicalId.startsWith(logicalId));
      return await invoke(found?.name ?? logicalId, event);
    },
    get longestChain() {
      return Math.max(0, ...pollers.map(({ longestChain }) => longestChain));
    },
    output,
    async close() {
      for (const closer of closers.splice(0).reverse()) await closer();
    },
  };
}

/** Makes an SQS client, by default with the credentials of the operator. */
export function sqsOf({ endpoint }: TestAccount, credentials: Readonly<Record<string, string>> = {}): SQSClient {
  return new SQSClient({ endpoint, region: REGION, credentials: keysOf(credentials) });
}

/** Creates a secret, or replaces its value. */
async function putSecret(
  { endpoint }: TestAccount,
  name: string,
  value: Readonly<Record<string, string>>,
): Promise<void> {
  const client = new SecretsManagerClient({ endpoint, region: REGION, credentials: keysOf({}) });
  const SecretString = JSON.stringify(value);
  try {
    await client.send(new CreateSecretCommand({ Name: name, SecretString }));
  } catch {
    await client.send(new PutSecretValueCommand({ SecretId: name, SecretString }));
  }
}

/** Returns the value of a secret. If the secret is missing, creates it with the value `made`. */
async function secretOf(
  { endpoint }: TestAccount,
  name: string,
  made: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const client = new SecretsManagerClient({ endpoint, region: REGION, credentials: keysOf({}) });
  try {
    const { SecretString = '{}' } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    return JSON.parse(SecretString) as Record<string, string>;
  } catch {
    await client.send(new CreateSecretCommand({ Name: name, SecretString: JSON.stringify(made) }));
    return { ...made };
  }
}

function keysOf(credentials: Readonly<Record<string, string>>) {
  return {
    accessKeyId: credentials['AWS_ACCESS_KEY_ID'] ?? 'OPERATOR',
    secretAccessKey: credentials['AWS_SECRET_ACCESS_KEY'] ?? 'test',
    ...(credentials['AWS_SESSION_TOKEN'] && { sessionToken: credentials['AWS_SESSION_TOKEN'] }),
  };
}
