import type { DeployedAlarm } from './alarms.ts';
import type { DeployedApi } from './apis.ts';
import type { DeployedMetricFilter } from './metric-filters.ts';
import type { DeployedPipe } from './pipes.ts';
import type { DeployedEventDestination, DeployedReceiptRule, DeployedSubscription } from './receiving.ts';
import type { DeployedSchedule } from './schedules.ts';

/** A queue of the template. Its attributes have the names and values of the SQS API. */
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
  /**
   * Whether the function has the property `RecursiveLoop: Allow`. Then Lambda does not stop the function if its own messages
   * invoke it again and again.
   */
  readonly allowsLoops: boolean;
}

/** An event source mapping of the template, with which a queue triggers a function. */
export interface DeployedMapping {
  readonly functionName: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly maximumConcurrency?: number;
  readonly reportsBatchItemFailures: boolean;
}

/** The resources of a cloud assembly that the local stack runs, with all references resolved. */
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
  /** Body of the dashboard as JSON text. */
  readonly body: string;
}

/**
 * A secret of the template. Its value is a JSON object with the fields in `fields` and one further field, which Secrets Manager
 * generates (`GenerateSecretString`).
 */
export interface DeployedSecret {
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly generatedField: string;
}

/** A DynamoDB table of the template, in the form in which CreateTable expects it. */
export type DeployedTable = Readonly<Record<string, unknown>> & { readonly TableName: string };
