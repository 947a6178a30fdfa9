import { expect, it } from 'vitest';
import { readMime } from '../../../../lambda/inbound/mime.ts';
import { handleOf } from '../../../../lambda/providers/reference.ts';
import { readReport } from '../../../../lambda/providers/smtp/events.ts';
import type { Taking } from '../../../../local/simulators/accepted-log.ts';
import { headersOf } from '../../../../local/simulators/mime-view.ts';
import { deliveryReports } from '../../../../local/simulators/smtp/report.ts';

const raw = Buffer.from(
  [
    'From: shop@in.example.com',
    `Message-ID: <${handleOf('order-1')}@in.example.com>`,
    'X-Mailover-Id: order-1',
    '',
    'Hello',
  ].join('\r\n'),
);

function mailTo(to: readonly string[], from = 'shop@in.example.com'): Taking {
  const headers = () => headersOf(raw);
  return {
    providerMessageId: 'A',
    envelope: { from, to },
    raw,
    mime: () => raw,
    headers,
    view: () => ({ attachments: [] }),
  };
}

it('returns a report for each recipient that bounced, which names the submission', () => {
  const to = ['ada@example.org', 'bounce@simulator.amazonses.com', 'Blocked@bounce-testing.postmarkapp.com'];

  const reports = deliveryReports(mailTo(to));

  expect(reports.map(({ taking }) => taking.envelope)).toEqual(
    [1, 2].map(() => ({ from: '', to: ['shop@in.example.com'] })),
  );
  const events = reports.flatMap(({ taking }) => readReport(readMime(taking.raw)));
  expect(events).toMatchObject([
    { type: 'bounced', bounce: 'hard', recipient: to[1], reference: { submissionId: 'order-1' } },
    { type: 'bounced', bounce: 'blocked', reference: { submissionId: 'order-1' } },
  ]);
});

it('a mail without a return path, such as a report, is not reported', () => {
  expect(deliveryReports(mailTo(['bounce@simulator.amazonses.com'], ''))).toEqual([]);
});
