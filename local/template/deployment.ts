import { defined } from '../../lambda/platform/defined.ts';
import { readAlarm } from './alarms.ts';
import { readApis } from './apis.ts';
import type { StackTemplate, TemplateResource } from './assembly.ts';
import type { DeployedFunction, DeployedMapping, DeployedSecret, DeployedTable, Deployment } from './deployed.ts';
import { resolve, type Scope } from './intrinsics.ts';
import { readMetricFilters } from './metric-filters.ts';
import { nameResources, resourceNames } from './physical-names.ts';
import { readPipes } from './pipes.ts';
import { readReceiving } from './receiving.ts';
import type { Properties } from './resources.ts';
import { readSchedules } from './schedules.ts';

/**
 * Returns the resources of a cloud assembly that the local stack runs, with all references resolved. `origin` is the base URL of
 * the queues on this machine, and `httpUrl` is the URL of the HTTP API. Throws on a resource that the local stack cannot run.
 */
export function deploy(stacks: readonly StackTemplate[], origin: string, httpUrl: string): Deployment {
  const scopes = stacks.map((stack) => ({ stack, names: nameResources(stack) }));
  const imported = (name: string): unknown => {
    for (const { stack } of scopes) {
      for (const { Value, Export } of Object.values(stack.outputs)) {
        if (Export && resolve(Export.Name, scopeOf(stack)) === name) return resolve(Value, scopeOf(stack));
      }
    }
    throw new Error(`no stack of the assembly exports ${name}`);
  };
  const scopeOf = (stack: StackTemplate): Scope => {
    const names = scopes.find((entry) => entry.stack === stack)?.names;
    return {
      stackName: stack.name,
      resource: (id) => {
        const name = names?.get(id);
        return name === undefined
          ? undefined
          : resourceNames(stack.resources[id]?.Type ?? '', name, { aws: origin, http: httpUrl });
      },
      parameter: (name) => stack.parameters[name]?.Default,
      condition: (name) => stack.conditions[name],
      mapping: (name, first, second) => stack.mappings[name]?.[first]?.[second],
      imported,
    };
  };
  const each = <T>(
    type: string,
    read: (properties: Properties, name: string, stack: StackTemplate, metadata: Properties) => T,
  ): T[] =>
    scopes.flatMap(({ stack, names }) =>
      Object.entries(stack.resources)
        .filter(([, resource]) => resource.Type === type)
        .map(([id, resource]) =>
          read(propertiesOf(resource, scopeOf(stack)), names.get(id) ?? id, stack, resource.Metadata ?? {}),
        ),
    );
  return {
    queues: each('AWS::SQS::Queue', (properties, name) => ({ name, attributes: queueAttributes(properties) })),
    buckets: each('AWS::S3::Bucket', (_properties, name) => name),
    functions: each('AWS::Lambda::Function', readFunction).filter((value) => value !== undefined),
    mappings: each('AWS::Lambda::EventSourceMapping', readMapping),
    apis: readApis(each),
    metricFilters: readMetricFilters(each),
    schedules: readSchedules(each),
    pipes: readPipes(each),
    tables: ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'].flatMap((type) => each(type, readTable)),
    secrets: each('AWS::SecretsManager::Secret', readSecret),
    alarms: ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
      each(type, (properties, name, _stack, metadata) => readAlarm({ type, name, properties, metadata })),
    ),
    dashboards: each('AWS::CloudWatch::Dashboard', ({ DashboardBody }, name) => ({
      name,
      body: String(DashboardBody),
    })),
    ...readReceiving(each),
    outputs: Object.fromEntries(
      stacks.flatMap((stack) =>
        Object.entries(stack.outputs).map(([name, { Value }]) => [name, String(resolve(Value, scopeOf(stack)))]),
      ),
    ),
  };
}

function propertiesOf({ Properties }: TemplateResource, scope: Scope): Properties {
  return (resolve(Properties ?? {}, scope) ?? {}) as Properties;
}

const NOT_ATTRIBUTES = new Set(['QueueName', 'Tags']);

function queueAttributes(properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => !NOT_ATTRIBUTES.has(name))
      // This is the only property whose name in CloudFormation differs from the name of the SQS attribute.
      .map(
        ([name, value]) => [name === 'ReceiveMessageWaitTime' ? 'ReceiveMessageWaitTimeSeconds' : name, value] as const,
      )
      .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  );
}

/**
 * Reads a Lambda function. Returns undefined if its code is not a Node.js bundle of this cloud assembly, which is the case for
 * some functions that the CDK itself adds.
 */
function readFunction(properties: Properties, name: string, { assets }: StackTemplate): DeployedFunction | undefined {
  const code = properties['Code'] as Properties | undefined;
  const asset = assets[String(code?.['S3Key'] ?? '').replace(/\.zip$/, '')];
  if (asset === undefined || !String(properties['Runtime']).startsWith('nodejs')) return undefined;
  const environment = (properties['Environment'] as Properties | undefined)?.['Variables'] as Properties | undefined;
  const reserved = properties['ReservedConcurrentExecutions'];
  return {
    name,
    directory: asset,
    handler: String(properties['Handler']),
    environment: Object.fromEntries(Object.entries(environment ?? {}).map(([key, value]) => [key, String(value)])),
    memoryMb: Number(properties['MemorySize'] ?? 128),
    timeoutSeconds: Number(properties['Timeout'] ?? 3),
    allowsLoops: properties['RecursiveLoop'] === 'Allow',
    ...defined({ reservedConcurrency: reserved === undefined ? undefined : Number(reserved) }),
  };
}

function readMapping(properties: Properties): DeployedMapping {
  const scaling = properties['ScalingConfig'] as Properties | undefined;
  const maximum = scaling?.['MaximumConcurrency'];
  const types = (properties['FunctionResponseTypes'] ?? []) as readonly unknown[];
  return {
    // The property contains the name of the function, or an ARN that ends with this name.
    functionName: String(properties['FunctionName']).split(':').at(-1) ?? '',
    queueArn: String(properties['EventSourceArn']),
    batchSize: Number(properties['BatchSize'] ?? 10),
    windowSeconds: Number(properties['MaximumBatchingWindowInSeconds'] ?? 0),
    reportsBatchItemFailures: types.includes('ReportBatchItemFailures'),
    ...defined({ maximumConcurrency: maximum === undefined ? undefined : Number(maximum) }),
  };
}

function readSecret(properties: Properties, name: string): DeployedSecret {
  const { SecretStringTemplate: template, GenerateStringKey: key } = (properties['GenerateSecretString'] ??
    {}) as Properties;
  if (typeof template !== 'string' || typeof key !== 'string')
    throw new Error(`secret ${name}: the local stack can run only a secret that is generated by a template and a key`);
  return { name, fields: JSON.parse(template) as Record<string, string>, generatedField: key };
}

const TABLE_PROPERTIES = [
  'AttributeDefinitions',
  'KeySchema',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
] as const;

/** Reads a DynamoDB table. The billing mode is always on-demand, so that no provisioned capacity limits the local table. */
function readTable(properties: Properties, name: string): DeployedTable {
  const kept = TABLE_PROPERTIES.filter((property) => properties[property] !== undefined);
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    ...Object.fromEntries(kept.map((property) => [property, properties[property]])),
  };
}
