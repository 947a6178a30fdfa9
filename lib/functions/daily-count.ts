import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  COUNTED_ATTRIBUTES,
  type DailyCountEnvironment,
  dailyCountEnvironment,
} from '../../lambda/contract/daily-count-environment.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';

const EVERY = Duration.days(1);
/** Time-out of the function: the longest time-out that Lambda allows. */
const FUNCTION_TIMEOUT = Duration.minutes(15);

export interface DailyCountProps extends FunctionProps {
  readonly stateTable: ITable;
}

/** The Lambda function that counts all submissions once a day, and the IAM role of the function. */
export class DailyCountFunction extends MailoverFunction<DailyCountEnvironment> {
  constructor(scope: Construct, id: string, props: DailyCountProps) {
    const { stateTable } = props;
    super(scope, id, {
      ...props,
      description: 'Counts all submissions',
      roleDescription: 'Permissions of the daily count of Mailover',
      entry: 'lambda/daily-count/handler.ts',
      environment: dailyCountEnvironment,
      values: { stateTable: stateTable.tableName },
      smallerEnvironment: 'its environment has no options',
      timeout: FUNCTION_TIMEOUT,
      memorySize: 512,
      recursiveLoop: RecursiveLoop.TERMINATE,
      schedule: { id: 'EveryDay', every: EVERY, description: 'Counts all submissions' },
    });
    // An IAM policy cannot limit a Scan to some partition keys of the table. Therefore this policy limits the Scan to the
    // attributes that the count needs.
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['dynamodb:Scan'],
        resources: [stateTable.tableArn],
        conditions: {
          'ForAllValues:StringEquals': { 'dynamodb:Attributes': [...COUNTED_ATTRIBUTES] },
          StringEquals: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' },
        },
      }),
    );
  }
}
