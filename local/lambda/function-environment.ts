import { healthEnvironment } from '../../lambda/contract/health-environment.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { StackClock } from '../clock.ts';
import type { DeployedFunction } from '../template/deployed.ts';
import { ACCOUNT, REGION } from '../template/names.ts';

/** Addresses and settings of the local stack that every function gets as environment variables. */
export interface StackEnvironment {
  readonly awsUrl: string;
  readonly dynamodbUrl?: string;
  /** URL of each provider's simulator, by provider key. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** URL of each provider's simulator to which the health function connects, by provider key. */
  readonly healthEndpoints: Readonly<Record<string, string>>;
  /** Path of the PEM file with the TLS certificate of the local SMTP servers. */
  readonly certificateFile: string;
  readonly clock: StackClock;
}

/**
 * Returns the environment variables of a function's processes: the variables that the template sets, the variables that Lambda
 * sets, and the addresses of the local services.
 */
export function functionEnvironment(target: DeployedFunction, surroundings: StackEnvironment): Record<string, string> {
  const { awsUrl, dynamodbUrl, certificateFile, clock } = surroundings;
  const endpoints = healthEnvironment.matches(target.environment)
    ? surroundings.healthEndpoints
    : surroundings.endpoints;
  return {
    ...target.environment,
    PATH: process.env['PATH'] ?? '',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    LAMBDA_TASK_ROOT: target.directory,
    _HANDLER: target.handler,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: target.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(target.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${target.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    MAILOVER_LOCAL_FUNCTION_ARN: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${target.name}`,
    AWS_ENDPOINT_URL: awsUrl,
    AWS_ENDPOINT_URL_SQS: awsUrl,
    AWS_ENDPOINT_URL_S3: awsUrl,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: awsUrl,
    ...defined({ AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl || undefined }),
    MAILOVER_ENDPOINTS: JSON.stringify(endpoints),
    MAILOVER_TIME_SCALE: String(clock.scale),
    MAILOVER_TIME_SCALE_SINCE: String(clock.since.real),
    MAILOVER_STACK_TIME_SINCE: String(clock.since.stack),
    NODE_EXTRA_CA_CERTS: certificateFile,
  };
}
