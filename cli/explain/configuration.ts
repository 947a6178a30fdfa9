import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import { senderOf } from '../../local/template/find-function.ts';
import { synthesised } from '../synthesised.ts';

/** The sender's environment as a deployment of the current `bin/mailover.ts` would set it. */
export async function synthesisedSender(): Promise<SenderEnvironment> {
  return senderOf((await synthesised()).deployment).environment;
}
