import { startAws } from '../../../local/aws/server.ts';
import { StackClock } from '../../../local/clock.ts';
import { FaultBoard } from '../../../local/faults/faults.ts';
import { ownHosts } from '../../../local/network/own-hosts.ts';

/** Starts S3 with an empty bucket `mail`. `variables` are the environment variables by which a client finds it. */
export async function givenBucket() {
  const faults = new FaultBoard();
  const aws = await startAws({ port: 0, clock: new StackClock(), faults, own: ownHosts() });
  aws.buckets.createBucket('mail');
  const variables = {
    AWS_ENDPOINT_URL_S3: aws.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
  };
  return { faults, variables, close: () => aws.close() };
}
