import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/**
 * A construct for a resource of your own: the construct itself, or a function that creates the construct in the stack, such as
 * `(stack) => Vpc.fromLookup(stack, 'Vpc', { vpcId: 'vpc-0abc' })`.
 */
export type Given<T> = T | ((stack: Stack) => T);

/** Returns the construct of the option. If the option is a function, the function is called with the stack of `scope`. */
export function given<T extends object>(scope: Construct, value: Given<T> | undefined): T | undefined {
  return typeof value === 'function' ? value(Stack.of(scope)) : value;
}
