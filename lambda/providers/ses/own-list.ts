import { setTimeout as pause } from 'node:timers/promises';
import {
  DeleteSuppressedDestinationCommand,
  ListSuppressedDestinationsCommand,
  PutSuppressedDestinationCommand,
  SESv2Client,
} from '@aws-sdk/client-sesv2';
import { defined } from '../../platform/defined.ts';
import type { OwnEntry, OwnList, OwnListContext } from '../own-list.ts';
import type { SesOptions } from './options.ts';

/** Largest number of entries on one page (API_ListSuppressedDestinations, 2026-11-29). */
const PER_PAGE = 1000;
/**
 * Pause in milliseconds between two calls that change the list: SES allows one call per second
 * (docs.aws.amazon.com/ses/latest/dg/quotas.html, 2026-11-23).
 */
const PAUSE_MS = 1_050;

/**
 * Reads and changes the account's suppression list at SES, which exists separately in each region. Adding an address that is
 * already listed overwrites its entry.
 */
export function ownList({ endpoint, options }: OwnListContext<SesOptions>): OwnList {
  const region = options.region ?? process.env['AWS_REGION'];
  const client = new SESv2Client({
    ...defined({ region: region || undefined, endpoint: endpoint || undefined }),
    maxAttempts: 5,
  });
  let turn = Promise.resolve();
  /** Waits until {@link PAUSE_MS} after the previous change of the list. On a local stack there is no pause. */
  const waitBetweenChanges = async () => {
    const previous = turn;
    if (endpoint === undefined) turn = turn.then(() => pause(PAUSE_MS));
    await previous;
  };
  return {
    async *entries() {
      let NextToken: string | undefined;
      do {
        const page = await client.send(
          new ListSuppressedDestinationsCommand({ PageSize: PER_PAGE, NextToken: NextToken || undefined }),
        );
        yield (page.SuppressedDestinationSummaries ?? []).flatMap(
          ({ EmailAddress, Reason, LastUpdateTime }): OwnEntry[] =>
            EmailAddress === undefined || LastUpdateTime === undefined
              ? []
              : [
                  {
                    address: EmailAddress,
                    reason: Reason === 'COMPLAINT' ? 'complaint' : 'hard-bounce',
                    at: LastUpdateTime.getTime(),
                  },
                ],
        );
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
    },
    async add(entries) {
      for (const { address: EmailAddress, reason } of entries) {
        await waitBetweenChanges();
        const Reason = reason === 'complaint' ? 'COMPLAINT' : 'BOUNCE';
        await client.send(new PutSuppressedDestinationCommand({ EmailAddress, Reason }));
      }
    },
    async remove(EmailAddress) {
      await waitBetweenChanges();
      try {
        await client.send(new DeleteSuppressedDestinationCommand({ EmailAddress }));
        return 'removed';
      } catch (error) {
        if (error instanceof Error && error.name === 'NotFoundException') return 'absent';
        throw error;
      }
    },
  };
}
