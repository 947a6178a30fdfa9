import { type Objects, s3Bucket } from '../../lambda/platform/object-store.ts';
import { dynamoTable, type Table } from '../../lambda/platform/table.ts';
import { readAcceptedBy } from '../../lambda/submission/supersedes.ts';
import { accessOfUser } from '../aws-access.ts';
import { describeLocalStack, LOCAL_ACCESS, localStackUrl } from '../local-stack.ts';
import type { Variables } from '../usage.ts';
import { type CircuitStates, circuitStates } from './circuit-states.ts';
import type { ExplainOptions } from './options.ts';

/** The state on which the plan depends, in addition to the configuration. Also contains notes on what was not read. */
export interface RouteSurroundings {
  readonly objects: Objects;
  /**
   * Returns the keys (names in the configuration) of the providers that accepted, or may have accepted, the submission with this id or an
   * earlier submission that it superseded.
   */
  readonly acceptedBefore: (submissionId: string) => Promise<readonly string[]>;
  /** Reads the circuit breakers and isolations of these providers. Returns which providers would be skipped. */
  readonly circuits: (keys: readonly string[]) => Promise<CircuitStates>;
  /** Sentences about facts that the explanation does not take into account. */
  readonly notes: readonly string[];
}

/** Opens the source of state that the options name: a deployed state table, the running local stack, or none. */
export async function routeSurroundings(
  live: ExplainOptions['live'],
  { stateTable, mailBucket }: { readonly stateTable: string; readonly mailBucket: string },
  { environment, now }: { readonly environment: Variables; readonly now: number },
): Promise<RouteSurroundings> {
  switch (live?.kind) {
    case undefined:
      return unseen();
    case 'table':
      return seen(dynamoTable(live.name, await accessOfUser()), s3Bucket(mailBucket), { now, timeScale: 1 });
    case 'local': {
      const { aws, dynamodb, timeScale } = await localStack(environment['MAILOVER_PORT']);
      const table = dynamoTable(stateTable, { ...LOCAL_ACCESS, endpoint: dynamodb });
      return seen(table, localObjects(aws), { now, timeScale });
    }
  }
}

function seen(
  table: Table,
  objects: Objects,
  moment: { readonly now: number; readonly timeScale: number },
): RouteSurroundings {
  return {
    objects,
    acceptedBefore: (id) => readAcceptedBy(table, id),
    circuits: (keys) => circuitStates(keys, table, moment),
    notes: [],
  };
}

/**
 * Returns the state that is assumed without a stack: objects in S3 are empty, no provider has accepted a superseded submission, and no
 * provider is skipped because of its circuit breaker or an isolation.
 */
function unseen(): RouteSurroundings {
  const notes = new Set<string>();
  return {
    objects: {
      read: async () => {
        notes.add('objects in S3 were not read: their sizes do not count; --local or --table NAME reads them');
        return Buffer.alloc(0);
      },
    },
    acceptedBefore: async () => {
      notes.add(
        'the providers of the superseded submission are not known; --local or --table NAME reads them from the state table',
      );
      return [];
    },
    circuits: async () => () => new Map(),
    get notes() {
      return [...notes];
    },
  };
}

/** Returns access to the objects in the local S3, which accepts requests without a signature. */
function localObjects(origin: string): Objects {
  return {
    async read({ bucket, key }, maxBytes) {
      const response = await fetch(`${origin}/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`);
      if (response.status === 404) return 'missing';
      if (!response.ok) throw new Error(`S3 answers ${response.status}`);
      const bytes = Buffer.from(await response.arrayBuffer());
      return bytes.length > maxBytes ? 'too-large' : bytes;
    },
  };
}

async function localStack(port: string | undefined): Promise<{ aws: string; dynamodb: string; timeScale: number }> {
  const base = localStackUrl(port);
  const { endpoints } = await describeLocalStack(base);
  if (endpoints.dynamodb === undefined) throw new Error(`the local stack at ${base} has no state table`);
  const time = await fetch(`${base}/api/time`);
  const { scale = 1 } = (await time.json()) as { readonly scale?: number };
  return { aws: endpoints.aws, dynamodb: endpoints.dynamodb, timeScale: scale };
}
