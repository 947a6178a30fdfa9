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

/** Sources of the routes; undefined while the stack starts, and if no provider has delivery events. */
export interface SuppressionSources {
  /** Has the function that keeps the suppression list carry out a command. */
  suppression(): ((command: unknown) => Promise<SuppressionAnswer>) | undefined;
}

/** The function of the deployment that keeps the suppression list. */
export function suppressionFunction({ deployment, functions }: Live): ReturnType<SuppressionSources['suppression']> {
  const found = deployment && findFunction(deployment, mirrorEnvironment);
  if (!found || !functions) return undefined;
  return async (command) => (await functions.invoke(found.function.name, command)) as SuppressionAnswer;
}

/** Adds `GET /api/suppressions`, and `POST` for the commands of `npm run suppression`. */
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
      if (answer.kind !== 'listed') throw new ApiError(500, 'The function gave no list.');
      entries.push(...answer.entries);
      from = answer.next;
    }
    return entries.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
  });
  app.post('/api/suppressions', async ({ body }) => await ask(parseBody(body)));
}
