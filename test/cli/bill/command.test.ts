import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { type Bill, billOf } from '../../../cli/bill/bill.ts';
import { billCommand } from '../../../cli/bill/command.ts';
import { type BilledDeployment, billedDeployment } from '../../../cli/bill/deployment.ts';
import { billInWords, costsSentence } from '../../../cli/bill/format.ts';
import { synthesised } from '../../../cli/synthesised.ts';
import { totalOf } from '../../../lib/costs/watching.ts';
import { recordedTerminal } from '../../support/recorded-terminal.ts';

let deployment: BilledDeployment;
beforeAll(async () => {
  deployment = billedDeployment(await synthesised());
}, 60_000);

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const { out, err, terminal } = recordedTerminal();
  const code = await billCommand(argv, { ...terminal, deployment: async () => deployment });
  return { code, out: out.join(''), err: err.join('') };
}

it('finds every provider of the list, with what it is billed for', () => {
  expect(
    deployment.providers.map(({ key, events, inbound, canary }) => [
      key,
      Boolean(events),
      Boolean(inbound),
      Boolean(canary),
    ]),
  ).toEqual([
    ['postmark', true, true, true],
    ['mailgun', true, true, true],
    ['ses', true, true, true],
    ['own-mta', true, false, true],
  ]);
  expect(deployment.secrets).toEqual([
    'Mailover/postmark',
    'Mailover/mailgun',
    'Mailover/own-mta',
    'Mailover/postmark/webhooks',
    'Mailover/mailgun/webhooks',
  ]);
});

it('sums what it prints', async () => {
  const { code, out } = await run('--json');
  const { fixed, millionMails } = JSON.parse(out) as Bill;

  expect(code).toBe(0);
  expect(fixed.total).toBeCloseTo(fixed.lines.reduce((sum, { number, each }) => sum + number * each, 0));
  for (const { submissions, sending, events, aws, provider = 0, total } of millionMails) {
    expect(aws).toBeCloseTo(Object.values(sending).reduce((sum, part) => sum + part, submissions + events));
    expect(total).toBeCloseTo(aws + provider);
  }
});

it('takes the prices that are paid, and tells what a failover then costs more', async () => {
  const { out } = await run('--json', '--price', 'own-mta=0.05', '--price', 'ses=0.10');
  const { millionMails, failover } = JSON.parse(out) as Bill;
  const [, , ses, own] = millionMails;

  expect([ses?.provider, own?.provider]).toEqual([100, 50]);
  expect(failover.find(({ key }) => key === 'ses')?.more).toBeCloseTo((own?.total ?? 0) - (ses?.total ?? 0));
});

it('has the providers by priority, as routing has them', () => {
  const providers = deployment.providers.map((one) => (one.key === 'ses' ? { ...one, priority: 9 } : one));
  const { millionMails, failover } = billOf({ ...deployment, providers }, {});

  expect(millionMails.map(({ key }) => key)).toEqual(['ses', 'postmark', 'mailgun', 'own-mta']);
  expect(failover.map(({ key, instead }) => `${key}-${instead}`)[0]).toBe('ses-postmark');
});

it('says that it does not know a price instead of taking it as nothing', async () => {
  const { out } = await run();

  expect(out).toMatch(/own-mta .* \? +3\.\d\d \+ \?$/m);
  expect(out).toContain(
    'ses is down, and own-mta (the next by priority) sends its mail: a price is not known (--price)',
  );
});

it.each([
  [['--price', 'mailgun'], '--price takes KEY=DOLLARS for a thousand mails, such as mailgun=0.80, not "mailgun"'],
  [['--price', 'mailgun=-1'], '--price takes KEY=DOLLARS for a thousand mails, such as mailgun=0.80, not "mailgun=-1"'],
  [['--price', 'sendgrid=1'], '--price: no provider sendgrid sends; there are postmark, mailgun, ses, own-mta'],
  [['--price', 'ses=1', '--price', 'ses=2'], '--price is given twice for ses'],
  [['--cost'], 'there is no option --cost'],
  [['march'], 'unexpected argument "march"'],
])('refuses %j', async (argv, message) => {
  const { code, err } = await run(...argv);

  expect(code).toBe(2);
  expect(err).toContain(message);
});

it('ends with 1, and the words of the app, if the app cannot be synthesised', async () => {
  const { err, terminal } = recordedTerminal();
  const code = await billCommand([], {
    ...terminal,
    deployment: () => Promise.reject(new Error('synthesis of bin/mailover.ts failed:\nproviders[0].key: is missing')),
  });

  expect([code, err.join('')]).toEqual([
    1,
    'bill: synthesis of bin/mailover.ts failed:\nproviders[0].key: is missing\n',
  ]);
});

it('is in the documents as it is computed (npm run runbook writes it)', () => {
  const bill = billOf(deployment, {});
  const page = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');

  expect(page('docs/costs.md')).toContain(`<!-- bill -->\n\`\`\`text\n${billInWords(bill)}\`\`\`\n<!-- /bill -->`);
  expect(page('README.md')).toContain(`<!-- costs -->\n${costsSentence(bill)}<!-- /costs -->`);
  expect(totalOf(bill.fixed.lines)).toBeGreaterThan(50);
});
