import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainCommand } from '../../../cli/explain/command.ts';
import type { SenderEnvironment } from '../../../lambda/contract/environment.ts';
import type { Table } from '../../../lambda/platform/table.ts';
import { type AwsServer, startAws } from '../../../local/aws/server.ts';
import { StackClock } from '../../../local/clock.ts';
import { FaultBoard } from '../../../local/faults/faults.ts';
import { ownHosts } from '../../../local/network/own-hosts.ts';
import { pickBasePort } from '../../../local/network/ports.ts';
import { startServer } from '../../support/local-server.ts';
import { recordedTerminal } from '../../support/recorded-terminal.ts';
import { startStateTable } from '../../support/state-table.ts';

const environment: SenderEnvironment = {
  providers: [
    { key: 'postmark', type: 'postmark', options: {} },
    { key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' } },
    { key: 'ses', type: 'ses', options: { identities: ['example.com'] } },
    { key: 'own', type: 'smtp', share: 0.5, classes: ['news', 'receipts'], options: { host: 'mta.example.com' } },
  ],
  routes: [{ class: 'codes', providers: ['ses', 'postmark'], expiresAfterSeconds: 600, onUnknown: 'failover' }],
  outboundQueueArn: 'o',
  proofSecret: 'l',
  deadLetterQueueUrl: 'd',
  eventsQueueUrl: 'e',
  retryQueueUrls: {},
  maxReceiveCount: 20,
  workers: 50,
  mailBucket: 'mail',
  stateTable: 'state',
};
const mail = { version: 1, id: 'order-1', from: 'a@example.com', to: ['b@example.org'], text: 'hello' };
const NOW = Date.parse('2026-11-25T12:00:00Z');

describe('npm run explain', () => {
  it('prints the order, the policy and the source of each setting', async () => {
    const { code, out } = await run([], { ...mail, class: 'codes' });

    expect(code).toBe(0);
    expect(out).toBe(`submission  order-1, class codes
expires     in 10 min (the route of its class says so)
onUnknown   failover (the route of its class says so)
order       the route of its class says so
         1. ses       ses
         2. postmark  postmark
not tried
            mailgun   not in the route of the class
            own       not in the route of the class
`);
  });

  it('prints what is skipped, why, and what the id drew', async () => {
    const { code, out } = await run([], { ...mail, from: 'a@elsewhere.test', expiresAt: '2026-11-25T13:30:20Z' });

    expect(code).toBe(0);
    expect(out).toContain('expires     in 1 h 30 min (the submission says so)');
    expect(out).toMatch(/1\. postmark {2}postmark\n +2\. mailgun {3}mailgun\n/);
    expect(out).toMatch(/ses {7}not verified for this From domain\n/);
    expect(out).toMatch(/own {7}sends no mail without a class\n/);
    expect(out).toMatch(/share at [\d.]+ %: (own first|no provider) \(own has 0 % to 50 %\)/);
  });

  it('draws as the sender does, by the id that it is given', async () => {
    const firsts = new Map<string, number>();
    for (let n = 0; n < 20; n += 1) {
      const { json } = await run(['--json', '--id', `id-${n}`], { ...mail, class: 'news' });
      const { id, order, draw } = json as {
        id: string;
        order: { key: string }[];
        draw: { share: number; favourite?: string };
      };
      expect(id).toBe(`id-${n}`);
      expect(order[0]?.key).toBe(draw.share < 0.5 ? 'own' : 'postmark');
      expect(draw.favourite).toBe(draw.share < 0.5 ? 'own' : undefined);
      firsts.set(order[0]?.key ?? '', n);
    }
    expect([...firsts.keys()].sort()).toEqual(['own', 'postmark']);
  });

  it('says that an id is missing, since the draw depends on it', async () => {
    const { id: _, ...anonymous } = mail;

    expect((await run([], anonymous)).out).toMatch(/^submission {2}[0-9a-f-]{36}\n.*note: the submission has no id/s);
    expect((await run(['--id', 'x'], anonymous)).out).not.toContain('note:');
  });

  it('reads the bytes as the sender does, whatever id it is given', async () => {
    const twice = JSON.stringify(mail).replace('{', '{"text":"first",');

    for (const options of [[], ['--id', 'x']])
      expect((await run(options, twice)).out).toContain('text: given twice; expected each name once');
    expect((await run(['--id', 'x'], `\ufeff${JSON.stringify(mail)}`)).out).toContain('submission  x\n');
    expect((await run(['--id', 'a b'], mail)).out).toContain('id: given a string of 3 characters; expected 1 to 128');
  });

  it('says which recipients a provider leaves out, since it cannot carry the address', async () => {
    const { out } = await run([], { ...mail, to: ['b@example.org', 'm\u00fcller@example.org', '"q p"@example.org'] });

    expect(out).toContain('postmark, but not to 2 recipients whose address it does not support\n');
    expect(out).toContain('mailgun, but not to 1 recipient whose address it does not support\n');
  });

  it.each([
    ['a body that is not JSON', '{', 'Malformed', 'the message: given 1 byte of what is not JSON'],
    ['a bad address', { ...mail, to: ['b'] }, 'Malformed', 'to[0]: given a string of 1 character; expected'],
    ['an unknown provider', { ...mail, providers: { only: ['sendgrid'] } }, 'Malformed', 'providers: a key of 8'],
    ['a newer version', { ...mail, version: 2 }, 'Malformed', 'version: 2, which this release cannot read'],
    ['an expired submission', { ...mail, expiresAt: '2026-11-25T12:00:00Z' }, 'Expired', 'the time of expiresAt'],
    [
      'a submission that no provider can carry',
      { ...mail, from: 'a@x.test', providers: { only: ['ses'] } },
      'Refused',
      'ses: not verified',
    ],
  ])('reports %s as the dead letter would', async (_, body, reason, detail) => {
    const { code, out } = await run([], body);
    const { json } = await run(['--json'], body);

    expect(code).toBe(1);
    expect(out).toMatch(/^it would be dead-lettered\nReason {6}\w+\nDetail {6}.+\n$/);
    expect(out).toContain(detail);
    expect(out).toContain(`Reason      ${reason}\n`);
    expect(json).toMatchObject({ problem: { reason, detail: expect.stringContaining(detail) } });
  });

  it('reads a file, and prints the usage when it cannot', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'explain-'));
    const file = join(folder, 'mail.json');
    writeFileSync(file, JSON.stringify(mail));
    try {
      expect(await call([file])).toMatchObject({ code: 0, out: expect.stringContaining('order-1') });
      expect(await call([join(folder, 'none')])).toMatchObject({ code: 2, err: expect.stringContaining('ENOENT') });
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(await call([])).toMatchObject({ code: 2, err: expect.stringContaining('give one file') });
    expect(await call(['-', '--colour'])).toMatchObject({ code: 2 });
    expect(await call(['-', '--local', '--table', 'x'])).toMatchObject({ code: 2 });
    expect(await call(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('npm run explain') });
  });

  it('notes state that it did not read', async () => {
    const s3 = { bucket: 'mail', key: 'submissions/big' };
    const body = { ...mail, supersedes: 'order-0', attachments: [{ filename: 'a', contentType: 'a/b', s3 }] };

    const { json } = await run(['--json'], body);

    expect(json).toMatchObject({
      notes: [
        expect.stringContaining('objects in S3 were not read'),
        expect.stringContaining('the providers of the superseded submission are not known'),
      ],
    });
    expect(await run([], { version: 1, s3 })).toMatchObject({ code: 2, err: expect.stringContaining('--local') });
  });
});

describe('npm run explain --local', () => {
  let port: number;
  let aws: AwsServer;
  let dynamodb: Awaited<ReturnType<typeof startStateTable>>;
  let console: Awaited<ReturnType<typeof startServer>>;
  let table: Table;

  beforeAll(async () => {
    port = await pickBasePort();
    aws = await startAws({ port: port + 1, clock: new StackClock(), faults: new FaultBoard(), own: ownHosts() });
    dynamodb = await startStateTable(port + 3);
    table = dynamodb.table;
    console = await startServer((answer) =>
      answer.end(JSON.stringify({ ready: true, endpoints: { aws: aws.url, dynamodb: dynamodb.url } })),
    );
    const cause = { blames: 'account', reason: 'suspended' };
    const state = { kind: 'open', since: NOW - 60_000, trips: 1, cause, until: NOW + 60_000 };
    await table.write({ pk: 'circuit/postmark', state }, undefined);
    await table.write({ pk: 'circuit/ses', state: { kind: 'closed', since: 0, trips: 0, window: [] } }, undefined);
    const isolation = { since: NOW - 1, until: NOW + 3_600_000, reason: 'blocklisted', who: 'Kim' };
    await table.write({ pk: 'switch/mailgun', ...isolation }, undefined);
    const attempts = [{ number: 1, provider: 'ses', begun: NOW, ended: NOW, outcome: 'accepted' }];
    await table.write({ pk: 'submission/order-0', acceptedBefore: ['own'], attempts }, undefined);
  });

  afterAll(async () => {
    await aws.close();
    await dynamodb.close();
    await console.close();
  });

  const local = (body: unknown) => run(['--local'], body, { MAILOVER_PORT: console.port });

  it('shows which providers are excluded, why and until when', async () => {
    const { code, out } = await local(mail);

    expect(code).toBe(0);
    expect(out).toMatch(/ 1\. ses {7}ses\nkept out\n/);
    expect(out).toContain('postmark  circuit open until 2026-11-25T12:01:00.000Z (account: suspended)\n');
    expect(out).toContain('mailgun   isolated until 2026-11-25T13:00:00.000Z by Kim: blocklisted\n');
  });

  it('shows slow start, which always admits the same mail', async () => {
    const state = { kind: 'closed', since: NOW - 15_000, trips: 1, window: [] };
    await table.write({ pk: 'circuit/own', state }, undefined);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        local({ ...mail, id: `slow-${n}`, class: 'news', providers: { only: ['own'] } }),
      ),
    );

    const kept = answers.filter(({ out }) => /own +admits 25 % of the mail so soon after an outage, and not/.test(out));
    expect(kept.length).toBeGreaterThan(20);
    expect(kept.length).toBeLessThan(40);
    await table.write({ pk: 'circuit/own', state: { ...state, trips: 0 } }, 1);
  });

  it('says that the best of the excluded providers is tried when all are excluded', async () => {
    const { code, out } = await local({ ...mail, providers: { only: ['postmark', 'mailgun'] } });

    expect(code).toBe(0);
    expect(out).toContain('all providers are kept out now: the most promising is tried nevertheless');
  });

  it('puts providers of a superseded submission last', async () => {
    const { out } = await local({ ...mail, class: 'receipts', supersedes: 'order-0' });

    expect(out).toMatch(/ 1\. own {7}smtp\n +2\. ses {7}ses\n/);
  });

  it('reads submissions from the bucket', async () => {
    aws.buckets.createBucket('mail');
    aws.buckets.putObject('mail', 'submissions/whole', Buffer.from(JSON.stringify(mail)), 'application/json');

    expect((await local({ version: 1, s3: { bucket: 'mail', key: 'submissions/whole' } })).out).toContain(
      'submission  order-1\n',
    );
    const missing = await local({ version: 1, s3: { bucket: 'mail', key: 'submissions/none' } });
    expect(missing).toMatchObject({ code: 1, out: expect.stringContaining('MissingObject') });
  });

  it('says so when no stack runs', async () => {
    const { code, err } = await run(['--local'], mail, { MAILOVER_PORT: String(port + 9) });

    expect(code).toBe(1);
    expect(err).toContain('npm start');
  });
});

async function run(options: string[], body: unknown, variables = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const result = await call(['-', ...options], text, variables);
  const json: unknown = options.includes('--json') ? JSON.parse(result.out) : undefined;
  return { ...result, json };
}

async function call(argv: string[], input = '', variables = {}) {
  const { out, err, terminal } = recordedTerminal();
  const code = await explainCommand(argv, {
    ...terminal,
    environment: variables,
    input: Readable.from([input]),
    configuration: () => Promise.resolve(environment),
    now: () => NOW,
  });
  return { code, out: out.join(''), err: err.join('') };
}
