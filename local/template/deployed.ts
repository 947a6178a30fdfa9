import type { DeployedAlarm } from './alarms.ts';
import type { DeployedApi } from './apis.ts';
import type { DeployedMetricFilter } from './metric-filters.ts';
import type { DeployedPipe } from './pipes.ts';
import type { DeployedEventDestination, DeployedReceiptRule, DeployedSubscription } from './receiving.ts';
import type { DeployedSchedule } from './schedules.ts';

/** A queue of the template, attributes as SQS holds them. */
export interface DeployedQueue {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A Lambda function of the template. */
export interface DeployedFunction {
  readonly name: string;
  readonly directory: string;
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly reservedConcurrency?: number;
  /** `RecursiveLoop: Allow`: Lambda does not stop chains of its own messages. */
  readonly allowsLoops: boolean;
}

/** An event source mapping of the template: the queue triggers the function. */
export interface DeployedMapping {
  readonly functionName: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly maximumConcurrency?: number;
  readonly reportsBatchItemFailures: boolean;
}

/** The resources of an assembly that the local stack runs, every reference resolved. */
export interface Deployment {
  readonly queues: readonly DeployedQueue[];
  readonly buckets: readonly string[];
  readonly functions: readonly DeployedFunction[];
  readonly mappings: readonly DeployedMapping[];
  readonly apis: readonly DeployedApi[];
  readonly metricFilters: readonly DeployedMetricFilter[];
  readonly schedules: readonly DeployedSchedule[];
  readonly pipes: readonly DeployedPipe[];
  readonly tables: readonly DeployedTable[];
  readonly secrets: readonly DeployedSecret[];
  readonly alarms: readonly DeployedAlarm[];
  readonly dashboards: readonly DeployedDashboard[];
  readonly receiptRules: readonly DeployedReceiptRule[];
  readonly eventDestinations: readonly DeployedEventDestination[];
  readonly subscriptions: readonly DeployedSubscription[];
  readonly outputs: Readonly<Record<string, string>>;
}

/** A dashboard of the template. */
export interface DeployedDashboard {
  readonly name: string;
  /** Body as CloudWatch takes it: JSON text. */
  readonly body: string;
}

/** A secret of the template: JSON with one additional field, which Secrets Manager generates (`GenerateSecretString`). */
export interface DeployedSecret {
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly generatedField: string;
}

/** A DynamoDB table of the template, as CreateTable takes it. */
export type DeployedTable = Readonly<Record<string, unknown>> & { readonly TableName: string };
