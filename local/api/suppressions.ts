import type { FastifyInstance } from 'fastify';
import { mirrorEnvironment } from '../../lambda/contract/mirror-environment.ts';
import type {
  ShownSuppression,
  SuppressionAnswer,
  SuppressionCommand,
} from '../../lambda/contract/suppression-command.ts';
import { findFunction } from '../template/find-function.ts';
import { ApiError, parseBody } from './error.ts';
import type { Live } from './live.ts';

/**
 * Sources of the data for the routes about suppressions. `suppression` returns undefined while the stack starts, and if no
 * provider has delivery events.
 */
export interface SuppressionSources {
  /** Returns a function that sends a command to the Lambda function for the suppression list, and resolves with its answer. */
  suppression(): ((command: unknown) => Promise<SuppressionAnswer>) | undefined;
}

/**
 * Returns a function that invokes the deployment's Lambda function for the suppression list. Returns undefined if this Lambda
 * function does not exist or has not been started yet.
 */
export function suppressionFunction({ deployment, functions }: Live): ReturnType<SuppressionSources['suppression']> {
  const found = deployment && findFunction(deployment, mirrorEnvironment);
  if (!found || !functions) return undefined;
  return async (command) => (await functions.invoke(found.function.name, command)) as SuppressionAnswer;
}

/**
 * Adds the routes `GET /api/suppressions` and `POST /api/suppressions`. `npm run suppression` posts its commands to
 * `/api/suppressions`.
 */
export function addSuppressions(app: FastifyInstance, { suppression }: SuppressionSources): void {
  const ask = async (command: unknown): Promise<SuppressionAnswer> => {
    const invoke = suppression();
    if (!invoke) throw new ApiError(503, 'No provider has events, or the stack is still starting.');
    return await invoke(command);
  };
  app.get('/api/suppressions', async () => {
    const entries: ShownSuppression[] = [];
    for (let from: number | undefined = 0; from !== undefined; ) {
      const answer = await ask({ command: 'list', from } satisfies SuppressionCommand);
      if (answer.kind !== 'listed') throw new ApiError(500, 'The function did not return a list of addresses.');
      entries.push(...answer.entries);
      from = answer.next;
    }
    return entries.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
  });
  app.post('/api/suppressions', async ({ body }) => await ask(parseBody(body)));
}
