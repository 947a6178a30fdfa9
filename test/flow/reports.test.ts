import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type OpenStack, openStack } from '../support/open-stack.ts';

vi.setConfig({ testTimeout: 120_000 });

let open: OpenStack;

beforeAll(async () => {
  open = await openStack({ timeScale: 60 });
}, 90_000);

afterAll(async () => {
  await open?.close();
});

const mail = (id: string) => ({
  version: 1,
  id,
  from: 'shop@example.com',
  to: ['ada@example.org'],
  subject: 'x',
  text: 'x',
  providers: { only: ['own-mta', 'postmark'] },
});

interface Accepted {
  readonly provider: string;
  readonly headers: readonly (readonly [string, string])[];
}

const accepted = async (id: string) => (await open.api('GET', `/api/accepted?id=${id}&raw=false`)) as Accepted[];

/**
 * Sends a delivery status notification (RFC 3464) to the stack, about a mail that a simulated provider has accepted, as a mail
 * server does.
 */
async function report(id: string, action: string): Promise<void> {
  await expect.poll(() => accepted(id), { timeout: 30_000 }).toHaveLength(1);
  const [one] = await accepted(id);
  const header = (name: string) => one?.headers.find(([given]) => given.toLowerCase() === name)?.[1] ?? '';
  const lines = [
    'From: MAILER-DAEMON@mta.example.com',
    'To: bounces@in.example.com',
    `Date: ${new Date().toUTCString()}`,
    `Message-ID: <${randomUUID()}@mta.example.com>`,
    'Subject: Undelivered Mail Returned to Sender',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    '',
    '--b',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mta.example.com',
    '',
    'Final-Recipient: rfc822; ada@example.org',
    `Action: ${action}`,
    `Status: ${action === 'failed' ? '5.1.1' : '4.4.1'}`,
    'Diagnostic-Code: smtp; 550 5.1.1 User unknown',
    '',
    '--b',
    'Content-Type: text/rfc822-headers',
    '',
    `Message-ID: ${header('message-id')}`,
    `X-Mailover-Id: ${header('x-mailover-id')}`,
    '',
    '--b--',
    '',
  ];
  await open.api('POST', '/api/providers/mailgun/inbound', {
    raw: Buffer.from(lines.join('\r\n')).toString('base64'),
    from: '',
    to: ['bounces@in.example.com'],
  });
}

it('a bounce report that arrives as mail becomes an event of the server that accepted the mail', async () => {
  const id = `returned-${randomUUID()}`;
  await open.send([mail(id)]);
  await report(id, 'failed');

  await expect
    .poll(() => open.api('GET', `/api/submissions/${id}`), { timeout: 20_000 })
    .toMatchObject({
      state: 'accepted',
      deliveries: [{ state: 'bounced', bounce: 'hard', provider: 'own-mta', recipient: 'ada@example.org' }],
    });
  await expect.poll(() => open.depth(/events/i)).toBeGreaterThan(0);
});

it('a report about a mail whose answer was lost proves that the server has the mail: no other provider gets the mail', async () => {
  const id = `lost-${randomUUID()}`;
  await open.api('PUT', '/api/providers/own-mta/fault', { network: 'reset-after-accept', times: 1 });
  await open.send([mail(id)]);
  await report(id, 'delayed');

  await expect
    .poll(() => open.api('GET', `/api/submissions/${id}`), { timeout: 40_000 })
    .toMatchObject({ state: 'accepted', attempts: [{ provider: 'own-mta', outcome: 'accepted', reason: 'found' }] });
  expect((await accepted(id)).map(({ provider }) => provider)).toEqual(['own-mta']);
});
