import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { ACCOUNTED, type AccountEnvironment, accountEnvironment } from '../../lambda/contract/account-environment.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';

const EVERY = Duration.days(1);
/** The longest that Lambda allows. */
const FUNCTION_TIMEOUT = Duration.minutes(15);

export interface AccountProps extends FunctionProps {
  readonly stateTable: ITable;
}

/** The function that counts every submission once a day, with its role. */
export class AccountFunction extends MailoverFunction<AccountEnvironment> {
  constructor(scope: Construct, id: string, props: AccountProps) {
    const { stateTable } = props;
    super(scope, id, {
      ...props,
      description: 'Accounts for every submission',
      roleDescription: 'Permissions of the daily account of Mailover',
      entry: 'lambda/account/handler.ts',
      environment: accountEnvironment,
      values: { stateTable: stateTable.tableName },
      smallerEnvironment: 'its environment has no options',
      timeout: FUNCTION_TIMEOUT,
      memorySize: 512,
      recursiveLoop: RecursiveLoop.TERMINATE,
      schedule: { id: 'EveryDay', every: EVERY, description: 'Accounts for every submission' },
    });
    // A policy cannot limit a scan to some keys, so it limits the scan to the attributes that the account needs.
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['dynamodb:Scan'],
        resources: [stateTable.tableArn],
        conditions: {
          'ForAllValues:StringEquals': { 'dynamodb:Attributes': [...ACCOUNTED] },
          StringEquals: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' },
        },
      }),
    );
  }
}
