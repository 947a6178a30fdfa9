import { GetAccountCommand, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import Mailgun from 'mailgun.js';
import { ServerClient } from 'postmark';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SECRETS, simulators } from './simulators.ts';

let stack: Awaited<ReturnType<typeof simulators>>;
beforeAll(async () => {
  stack = await simulators();
});
afterEach(() => stack.accepted.clear());
afterAll(() => stack.close());

const MIME = [
  'From: "Doe, J" <a@example.com>',
  'To: b@example.org',
  'Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=',
  ' folded',
  'X-Mailover-Id: order-1',
  'X-Twice: 1',
  'X-Twice: 2',
  'Message-ID: <own@example.com>',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: 8bit',
  '',
  'h\u00e9llo\u0080\r\n',
].join('\r\n');
const BYTES = Buffer.from(MIME, 'latin1');

describe('SES', () => {
  const client = () =>
    new SESv2Client({
      region: 'eu-west-1',
      endpoint: stack.url('ses'),
      maxAttempts: 1,
      credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
    });
  const send = (more: object = {}, data: Buffer = BYTES) =>
    client().send(
      new SendEmailCommand({
        FromEmailAddress: 'a@example.com',
        Destination: { ToAddresses: ['b@example.org'], BccAddresses: ['success@simulator.amazonses.com'] },
        Content: { Raw: { Data: data } },
        ...more,
      }),
    );

  it('takes raw mail and shows it as received', async () => {
    const { MessageId } = await send();
    const [entry] = await stack.accepted.list({ provider: 'ses', id: 'order-1' });
    expect(entry).toMatchObject({
      providerMessageId: MessageId,
      envelope: { from: 'a@example.com', to: ['b@example.org', 'success@simulator.amazonses.com'] },
      text: expect.stringContaining('héllo'),
      attachments: [],
      rawBase64: BYTES.toString('base64'),
    });
    expect(entry?.headers.slice(0, 6)).toEqual([
      ['From', '"Doe, J" <a@example.com>'],
      ['To', 'b@example.org'],
      ['Subject', '=?UTF-8?Q?Gr=C3=BC=C3=9Fe?= folded'],
      ['X-Mailover-Id', 'order-1'],
      ['X-Twice', '1'],
      ['X-Twice', '2'],
    ]);
  });

  it('refuses as SES does', async () => {
    const foreign = Buffer.from(MIME.replace('a@example.com', 'a@elsewhere.test'), 'latin1');
    await expect(send({ FromEmailAddress: 'a@elsewhere.test' }, foreign)).rejects.toMatchObject({
      name: 'MessageRejected',
      message: expect.stringContaining(
        'Email address is not verified. The following identities failed the check in region EU-WEST-1',
      ),
    });
    const many = Array.from({ length: 51 }, (_, index) => `u${index}@example.org`);
    await expect(send({ Destination: { ToAddresses: many } })).rejects.toMatchObject({ name: 'BadRequestException' });
    await expect(send({ ConfigurationSetName: 'other' })).rejects.toMatchObject({ name: 'NotFoundException' });
    await expect(send({ Destination: { ToAddresses: ['nobody'] } })).rejects.toThrow("Missing final '@domain'");
    const answer = await fetch(`${stack.url('ses')}/v2/email/account`);
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([
      403,
      'MissingAuthenticationTokenException',
    ]);
    expect(await stack.accepted.list()).toEqual([]);
  });

  it('is healthy', async () => {
    expect(await client().send(new GetAccountCommand({}))).toMatchObject({
      SendingEnabled: true,
      EnforcementStatus: 'HEALTHY',
    });
  });
});

describe('Mailgun', () => {
  const client = (key = SECRETS.mg.apiKey) =>
    new Mailgun(FormData).client({ username: 'api', key, url: stack.url('mg') });

  it('takes MIME byte for byte and keeps its Message-ID', async () => {
    const reply = await client().messages.create('mg.example.com', {
      to: ['b@example.org', '"X, Y" <c@example.org>'],
      message: BYTES,
    });
    expect(reply).toMatchObject({ id: '<own@example.com>', message: 'Queued. Thank you.' });
    const [entry] = await stack.accepted.list({ id: 'order-1' });
    expect(entry).toMatchObject({
      provider: 'mg',
      providerMessageId: '<own@example.com>',
      envelope: { from: 'a@example.com', to: ['b@example.org', 'c@example.org'] },
      rawBase64: BYTES.toString('base64'),
    });
  });

  it('takes fields with attachments', async () => {
    await client().messages.create('mg.example.com', {
      from: 'A <a@example.com>',
      to: 'b@example.org',
      subject: 'Grüße',
      text: 'hello',
      'h:X-Mailover-Id': 'order-2',
      attachment: { filename: 'a.bin', data: Buffer.from([0, 255, 13, 10]) },
    });
    expect((await stack.accepted.list({ id: 'order-2' }))[0]).toMatchObject({
      envelope: { from: 'a@example.com', to: ['b@example.org'] },
      text: 'hello',
      attachments: [{ filename: 'a.bin', size: 4 }],
    });
  });

  it('refuses as Mailgun does', async () => {
    const mail = { from: 'a@example.com', to: 'b@example.org', text: 'x' };
    const { messages } = client();
    await expect(client('bad').messages.create('mg.example.com', mail)).rejects.toMatchObject({ status: 401 });
    await expect(messages.create('other.example.com', mail)).rejects.toMatchObject({ status: 404 });
    await expect(messages.create('mg.example.com', { ...mail, to: 'nobody' })).rejects.toMatchObject({
      status: 400,
      details: "'to' parameter is not a valid address. please check documentation",
    });
    expect(await (await fetch(stack.url('mg'))).text()).toBe('Mailgun Magnificent API');
    expect((await fetch(`${stack.url('mg')}/v3/nothing`)).status).toBe(404);
    expect(await stack.accepted.list()).toEqual([]);
  });

  it('shows the state of the domain', async () => {
    const headers = { Authorization: `Basic ${btoa(`api:${SECRETS.mg.apiKey}`)}` };
    const answer = await fetch(`${stack.url('mg')}/v3/domains/mg.example.com`, { headers });
    expect(await answer.json()).toMatchObject({ domain: { state: 'active', is_disabled: false } });
    const queues = await fetch(`${stack.url('mg')}/v3/domains/mg.example.com/sending_queues`, { headers });
    expect(await queues.json()).toMatchObject({ regular: { is_disabled: false } });
  });
});

describe('Postmark', () => {
  const client = (token: string = SECRETS.pm.serverToken) =>
    new ServerClient(token, { requestHost: `127.0.0.1:${stack.port('pm')}`, useHttps: false });
  const MAIL = { From: '"D, J" <a@example.com>', To: 'b@example.org', Subject: 'Grüße', TextBody: 'hi' };

  it('takes a mail and shows its fields as headers', async () => {
    const { MessageID } = await client().sendEmail({
      ...MAIL,
      Bcc: 'c@example.org',
      Headers: [{ Name: 'X-Mailover-Id', Value: 'order-3' }],
      Attachments: [{ Name: 'a.dat', Content: 'AP8NCg==', ContentType: 'application/x-a', ContentID: null }],
    });
    expect((await stack.accepted.list({ provider: 'pm', id: 'order-3' }))[0]).toMatchObject({
      providerMessageId: MessageID,
      envelope: { from: 'a@example.com', to: ['b@example.org', 'c@example.org'] },
      headers: [
        ['From', '"D, J" <a@example.com>'],
        ['To', 'b@example.org'],
        ['Subject', 'Grüße'],
        ['X-Mailover-Id', 'order-3'],
      ],
      text: 'hi',
      attachments: [{ filename: 'a.dat', contentType: 'application/x-a', size: 4 }],
    });
  });

  it.each([
    [{ From: 'a@elsewhere.test' }, 400],
    [{ To: 'nobody' }, 300],
    [{ TextBody: '' }, 300],
    [{ MessageStream: 'other' }, 1235],
    [{ Attachments: [{ Name: 'a.exe', Content: '', ContentType: 'x/y', ContentID: null }] }, 411],
  ])('refuses %j with 422 and code %i', async (more, code) => {
    await expect(client().sendEmail({ ...MAIL, ...more })).rejects.toMatchObject({ statusCode: 422, code });
    expect(await stack.accepted.list()).toEqual([]);
  });

  it('takes a mail of nearly 10 MB, and not one above', async () => {
    const file = (bytes: number) => [
      { Name: 'a.dat', Content: Buffer.alloc(bytes).toString('base64'), ContentType: 'x/y', ContentID: null },
    ];
    await client().sendEmail({ ...MAIL, Attachments: file(7_800_000) });
    expect((await stack.accepted.list())[0]?.attachments[0]?.size).toBe(7_800_000);
    await expect(client().sendEmail({ ...MAIL, Attachments: file(7_900_000) })).rejects.toMatchObject({
      statusCode: 413,
    });
  });

  it('accepts its tokens, and the test token that only validates', async () => {
    await expect(client('bad').sendEmail(MAIL)).rejects.toMatchObject({ statusCode: 401, code: 10 });
    expect((await client('POSTMARK_API_TEST').sendEmail(MAIL)).Message).toBe('Test job accepted');
    expect(await stack.accepted.list()).toEqual([]);
  });

  it('refuses inactive recipients: all by 406, some in silence', async () => {
    await client().createSuppressions('outbound', { Suppressions: [{ EmailAddress: 'b@example.org' }] });
    await expect(client().sendEmail(MAIL)).rejects.toMatchObject({ code: 406, recipients: ['b@example.org'] });
    const partly = await client().sendEmail({ ...MAIL, Cc: 'hardbounce@bounce-testing.postmarkapp.com' });
    expect(partly).toMatchObject({ ErrorCode: 0, Message: expect.stringContaining('will not deliver to') });
    expect((await stack.accepted.list())[0]?.envelope.to).toEqual(['hardbounce@bounce-testing.postmarkapp.com']);
    await client().deleteSuppressions('outbound', { Suppressions: [{ EmailAddress: 'b@example.org' }] });
    const batch = await client().sendEmailBatch([MAIL, { ...MAIL, To: 'nobody' }]);
    expect(batch.map(({ ErrorCode }) => ErrorCode)).toEqual([0, 300]);
  });
});
