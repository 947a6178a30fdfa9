import type { DeployedFunction } from '../../../local/template/deployed.ts';

/** Returns a deployed function named `test`. Its code is index.mjs in this directory; `changes` replace single fields. */
export function givenFunction(directory: string, changes: Partial<DeployedFunction> = {}): DeployedFunction {
  return {
    name: 'test',
    directory,
    handler: 'index.handler',
    environment: {},
    memoryMb: 128,
    timeoutSeconds: 10,
    allowsLoops: false,
    ...changes,
  };
}

/** Returns the environment variables of a process that runs a function, and further variables for the test. */
export function environmentOf(
  { name, directory, handler }: DeployedFunction,
  more: Record<string, string> = {},
): Record<string, string> {
  return { LAMBDA_TASK_ROOT: directory, _HANDLER: handler, AWS_LAMBDA_FUNCTION_NAME: name, ...more };
}
