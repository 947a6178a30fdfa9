import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { DeliveryEvent } from '../../../lambda/contract/event.ts';
import { readFully } from '../../../lambda/inbound/read-fully.ts';
import { reportTaker } from '../../../lambda/inbound/reports.ts';
import { memoryLists } from '../../support/memory-lists.ts';
import { memoryTable } from '../../support/memory-table.ts';

const NOW = Date.UTC(2026, 10, 29, 12);

/** Returns a delivery report (RFC 3464) about the submission `order-1`; the options change single fields. */
function report({ id = 'order-1', hash = '', part = 'message/delivery-status', action = 'failed' } = {}) {
  const handle = createHash('sha256')
    .update(hash || id)
    .digest('base64url');
  const mime = `From: MAILER-DAEMON@mx.example.com
Date: Thu, 5 Nov 2026 16:33:54 +0000
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver your message.

--b
Content-Type: ${part}

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; ada@example.org
Action: ${action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: text/rfc822-headers

Message-ID: <${handle}@example.com>
X-Mailover-Id: ${id}

--b--
`;
  const posted = { recipients: [], content: { headers: [], files: [] } };
  return readFully(Buffer.from(mime.replaceAll('\n', '\r\n')), posted);
}

async function givenTaker(providers: readonly string[]) {
  const table = memoryTable();
  const queued: DeliveryEvent[] = [];
  const log: string[] = [];
  const line = (message: string) => void log.push(message);
  await table.write({ pk: 'submission/order-1', attempts: providers.map((provider) => ({ provider })) }, undefined);
  const take = reportTaker([{ key: 'own-mta', type: 'smtp' }], {
    environment: { eventsQueueUrl: 'events' },
    lists: memoryLists(),
    table,
    hashes: async (address) => [`hash of ${address}`],
    queue: { send: async (_url, body) => void queued.push(JSON.parse(body) as DeliveryEvent) },
    clock: { now: () => NOW, sleep: async () => {} },
    log: { info: line, warn: line, error: line },
    metrics: { add: () => {} },
  });
  return { take, queued, log, table };
}

describe('a delivery report that comes back as mail', () => {
  it('is an event of the provider that had the mail, once, and suppresses nothing', async () => {
    const { take, queued } = await givenTaker(['ses', 'own-mta', 'ses']);

    await take(report());
    await take(report());

    expect(queued).toMatchObject([
      { provider: 'own-mta', type: 'bounced', bounce: 'hard', recipient: 'ada@example.org', submissionId: 'order-1' },
    ]);
    expect(queued[0]).not.toHaveProperty('suppressed');
  });

  it.each([
    ['of mail that this provider never had', ['ses'], {}],
    ['whose id does not belong to its Message-ID', ['own-mta'], { hash: 'order-2' }],
    ['of an unknown submission', ['own-mta'], { id: 'order-9' }],
    ['that is none', ['own-mta'], { part: 'text/plain' }],
  ])('is no event if it is one %s', async (_, providers, change) => {
    const { take, queued } = await givenTaker(providers);

    await take(report(change));

    expect(queued).toEqual([]);
  });

  it('fails while the record cannot be read, so that the mail is taken again', async () => {
    const { take, table } = await givenTaker(['own-mta']);
    table.behavior = 'fail';

    await expect(take(report())).rejects.toThrow('does not answer');
  });
});
