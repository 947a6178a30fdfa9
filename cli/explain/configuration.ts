import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import { senderOf } from '../../local/template/find-function.ts';
import { synthesised } from '../synthesised.ts';

/** Returns the environment that the sender function would have after a deployment of the current `bin/mailover.ts`. */
export async function synthesisedSender(): Promise<SenderEnvironment> {
  return senderOf((await synthesised()).deployment).environment;
}
