import type { DeployedFunction } from '../../../local/template/deployed.ts';

/** The function `test` of the file index.mjs in a directory, with changes. */
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

/** Environment of a process of a function, with more variables. */
export function environmentOf(
  { name, directory, handler }: DeployedFunction,
  more: Record<string, string> = {},
): Record<string, string> {
  return { LAMBDA_TASK_ROOT: directory, _HANDLER: handler, AWS_LAMBDA_FUNCTION_NAME: name, ...more };
}
