import { connect } from 'node:net';
import { createTransport } from 'nodemailer';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SECRETS, simulators } from '../simulators.ts';

let stack: Awaited<ReturnType<typeof simulators>>;
beforeAll(async () => {
  stack = await simulators();
});
afterEach(async () => {
  await stack.faults.clear('mta');
  stack.accepted.clear();
});
afterAll(() => stack.close());

const MAIL = {
  from: 'a@example.com',
  to: 'b@example.org',
  bcc: 'c@example.org',
  subject: 'Grüße',
  text: '.dot\r\nsecond line',
  headers: { 'X-Mailover-Id': 'order-1' },
  attachments: [{ filename: 'ä.bin', content: Buffer.from([0, 255, 13, 10]) }],
};

async function send(options: { pass?: string; plain?: boolean; timeout?: number } = {}) {
  const transport = createTransport({
    host: '127.0.0.1',
    port: stack.port('mta'),
    requireTLS: !options.plain,
    ignoreTLS: options.plain ?? false,
    tls: { rejectUnauthorized: false },
    socketTimeout: options.timeout ?? 5_000,
    auth: { user: SECRETS.mta.username, pass: options.pass ?? SECRETS.mta.password },
  });
  return await transport.sendMail(MAIL);
}

const taken = async () => (await stack.accepted.list({ provider: 'mta' })).length;

describe('the SMTP simulator', () => {
  it.each([
    `${'l'.repeat(64)}@${'d'.repeat(63)}.${'e'.repeat(63)}.${'f'.repeat(57)}.org`,
    '"a b, c@d"@example.org',
    'ada@xn--bcher-kva.example',
  ])('keeps the envelope address %s unchanged', async (address) => {
    const transport = createTransport({
      host: '127.0.0.1',
      port: stack.port('mta'),
      tls: { rejectUnauthorized: false },
      auth: { user: SECRETS.mta.username, pass: SECRETS.mta.password },
    });
    await transport.sendMail({ envelope: { from: 'a@example.com', to: [address] }, text: 'x' });
    const [entry] = await stack.accepted.list({ provider: 'mta' });
    expect(entry?.envelope.to).toEqual([address]);
  });

  it('takes a mail over STARTTLS and AUTH and logs it', async () => {
    const info = await send();
    const [entry] = await stack.accepted.list({ id: 'order-1' });
    expect(info.response).toContain(`queued as ${entry?.providerMessageId}`);
    expect(entry).toMatchObject({
      provider: 'mta',
      submissionId: 'order-1',
      envelope: { from: 'a@example.com', to: ['b@example.org', 'c@example.org'] },
      attachments: [{ filename: 'ä.bin', size: 4, contentType: 'application/octet-stream' }],
    });
    expect(entry?.text?.trimEnd()).toBe('.dot\nsecond line');
    expect(entry?.headers).toContainEqual(['Subject', '=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=']);
    expect(Buffer.from(entry?.rawBase64 ?? '', 'base64').toString()).toMatch(/\r\n\.dot\r\n/);
    expect((await stack.accepted.list({ raw: false }))[0]).not.toHaveProperty('rawBase64');
  });

  it('requires the right password, and TLS first', async () => {
    await expect(send({ pass: 'wrong' })).rejects.toMatchObject({ code: 'EAUTH', responseCode: 535 });
    await expect(send({ plain: true })).rejects.toMatchObject({ responseCode: 538 });
    expect(await taken()).toBe(0);
  });
});

describe('its TLS modes', () => {
  it.each([
    ['mta-tls', true],
    ['mta-plain', false],
  ])('%s takes mail, and resets', async (key, secure) => {
    const transport = createTransport({
      host: '127.0.0.1',
      port: stack.port(key),
      secure,
      ignoreTLS: true,
      tls: { rejectUnauthorized: false },
      auth: { user: SECRETS.mta.username, pass: SECRETS.mta.password },
    });
    await transport.sendMail(MAIL);
    await stack.fault(key, { network: 'reset-after-accept' });
    await expect(transport.sendMail(MAIL)).rejects.toMatchObject({
      code: expect.stringMatching(/ESOCKET|ECONNECTION/),
    });
    expect(await stack.accepted.list({ provider: key })).toHaveLength(2);
  });
});

describe('faults of an SMTP server', () => {
  it.each([
    ['connect', '554 5.3.2 go away'],
    ['ehlo', '550-first line\r\n550 second line'],
    ['starttls', '454 4.7.0 TLS not available'],
    ['auth', '535 5.7.8 nope'],
    ['mail', '451 4.3.0 later'],
    ['rcpt', '550 5.1.1 no such user'],
    ['data', '554 5.7.1 no'],
    ['end', '552-5.2.2 full\r\n552 5.2.2 really'],
  ])('replies verbatim at %s and takes nothing', async (stage, reply) => {
    await stack.fault('mta', { smtp: { stage, reply } });
    const error = await send().catch((failure: { response: string }) => failure);
    // EHLO and AUTH are answered twice if the client falls back to HELO, or to another login mechanism.
    expect(error.response.replaceAll(/\r?\n/g, '\r\n')).toContain(reply);
    expect(stack.hits('mta')[0]).toBeGreaterThan(0);
    expect(await taken()).toBe(0);
  });

  it('takes nothing when the final reply is a verbatim 250', async () => {
    await stack.fault('mta', { smtp: { stage: 'end', reply: '250 2.0.0 lies' } });
    expect((await send()).response).toBe('250 2.0.0 lies');
    expect(await taken()).toBe(0);
  });

  it('closes the connection after a 421, and replaces the reply to QUIT', async () => {
    await stack.fault('mta', { smtp: { stage: 'mail', reply: '421 4.3.2 bye' } });
    await expect(send()).rejects.toMatchObject({ responseCode: 421 });
    await stack.fault('mta', { smtp: { stage: 'quit', reply: '421 bye' } });
    const socket = connect(stack.port('mta'), '127.0.0.1').setEncoding('utf8');
    socket.once('data', () => socket.write('QUIT\r\n'));
    const lines: string[] = [];
    for await (const line of socket as AsyncIterable<string>) lines.push(line);
    expect(lines.slice(-1)).toEqual(['421 bye\r\n']);
    expect(stack.hits('mta')).toEqual([1]);
  });

  it('refuses one recipient by its command, not the other', async () => {
    await stack.fault('mta', { smtp: { stage: 'rcpt', reply: '550 5.1.1 no such user' }, match: 'c@example.org' });
    expect((await send()).rejected).toEqual(['c@example.org']);
    expect((await stack.accepted.list())[0]?.envelope.to).toEqual(['b@example.org']);
  });

  it.each([
    ['reset-mid-request', 0],
    ['reset', 0],
    ['reset-after-accept', 1],
  ])('%s breaks the connection with %i taken', async (network, count) => {
    await stack.fault('mta', { network });
    await expect(send()).rejects.toMatchObject({ code: expect.stringMatching(/ESOCKET|ECONNECTION/) });
    expect(await taken()).toBe(count);
    expect(stack.hits('mta')).toEqual([1]);
  });

  it.each([
    ['hang', 0],
    ['hang-after-accept', 1],
  ])('%s leaves the client waiting with %i taken', async (network, count) => {
    await stack.fault('mta', { network });
    await expect(send({ timeout: 300 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(await taken()).toBe(count);
    expect(stack.hits('mta')).toEqual([1]);
  });

  it('refuses on a closed port and reopens on the same port', async () => {
    await stack.fault('mta', { network: 'refuse' });
    await expect(send()).rejects.toThrow('ECONNREFUSED');
    await stack.faults.clear('mta');
    await send();
    expect(await taken()).toBe(1);
  });

  it('resets a connection at its start when a refusal has a condition', async () => {
    await stack.fault('mta', { network: 'refuse', times: 1 });
    await expect(send()).rejects.toMatchObject({ command: 'CONN' });
    await send();
    expect(stack.hits('mta')).toEqual([1]);
  });

  it('finds the decoded subject, and answers late', async () => {
    await stack.fault('mta', [
      { network: 'reset', match: 'Nobody' },
      { delayMs: 120, match: 'Grüße' },
    ]);
    const start = performance.now();
    await send();
    expect(performance.now() - start).toBeGreaterThan(115);
    expect(stack.hits('mta')).toEqual([0, 1]);
  });

  it('refuses a fault of HTTP', async () => {
    await expect(stack.fault('mta', { respond: { status: 500 } })).rejects.toThrow('uses SMTP');
  });
});
