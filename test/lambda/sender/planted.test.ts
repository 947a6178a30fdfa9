import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { composeMime } from '../../../lambda/mail/mime.ts';
import { providerPool } from '../../../lambda/providers/pool.ts';
import { definitions, loadProvider, type ProviderType } from '../../../lambda/providers/registry.ts';
import { providerCaller } from '../../../lambda/sender/call.ts';
import { listening } from '../../support/local-server.ts';
import { message, PLANTED, SECRET } from '../../support/planted-mail.ts';
import { SPELLINGS } from '../../support/spellings.ts';

let said = '';
const http = createHttpServer((request, response) => {
  const body =
    request.url?.startsWith('/v3') || request.url?.startsWith('/v2')
      ? { message: said }
      : { ErrorCode: 300, Message: said };
  request
    .resume()
    .on('end', () => response.writeHead(422, { 'content-type': 'application/json' }).end(JSON.stringify(body)));
});
const smtp = createTcpServer((socket) => {
  socket.on('error', () => undefined);
  socket.write('220 ready\r\n');
  socket.on('data', (chunk) => {
    const command = chunk.toString();
    if (/^mail/i.test(command)) socket.write(`550 5.7.1 ${said.replace(/[\r\n]/g, ' ')}\r\n`);
    else socket.write('250 ok\r\n');
  });
});
let httpUrl = '';
let smtpUrl = '';

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
  httpUrl = await listening(http);
  smtpUrl = (await listening(smtp)).replace('http:', 'smtp:');
});
afterAll(() => {
  vi.unstubAllEnvs();
  http.closeAllConnections();
  http.close();
  smtp.close();
});

describe.each(['postmark', 'mailgun', 'ses', 'smtp'] as const)('the answer text of %s', (type) => {
  it.each(Object.keys(SPELLINGS))(
    'reveals nothing of the message or the secret: %s',
    { timeout: 60_000 },
    async (name) => {
      const send = await givenSend(type);
      // With SES there is no secret that could leak: SES identifies the sender by the IAM role of the function.
      for (const planted of PLANTED.filter((one) => type !== 'ses' || !SECRET.includes(one))) {
        said = `cannot take: ${SPELLINGS[name]?.(planted)}, sorry`;

        const result = await send();

        const text = JSON.stringify('outcome' in result ? result.outcome : result);
        expect(text).toContain('cannot take');
        expect(text).toMatch(/<hidden>|<address>/);
        for (const spell of ['as it is', name])
          expect(text.toLowerCase()).not.toContain(SPELLINGS[spell]?.(planted).toLowerCase());
        expect(text).not.toMatch(/planted/i);
      }
    },
  );

  it.each([
    'The account is disabled; contact support at support desk.',
    'Message refused by policy: see https://docs.example.net/errors/5.7.1 for details.',
    'Daily quota of 200 messages exceeded, try again in 5 minutes.',
  ])('stays readable if it contains no text of the message: %s', async (words) => {
    const send = await givenSend(type);
    said = words;

    expect(JSON.stringify(await send())).toContain(words);
  });
});

async function givenSend(type: ProviderType) {
  const options = {
    domain: 'mg.example.net',
    identities: ['plantedshop.example'],
    region: type === 'ses' ? 'us-east-1' : undefined,
    host: '127.0.0.1',
    tls: 'none',
  };
  const config = {
    key: type,
    type,
    options: Object.fromEntries(Object.entries(options).filter(([, value]) => value)),
  } as unknown as ProviderConfig;
  const endpoints = { [type]: type === 'smtp' ? smtpUrl : httpUrl };
  const secrets = {
    read: async () => ({ apiKey: SECRET, serverToken: SECRET, ...(type === 'smtp' && { unused: SECRET }) }),
  };
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const call = providerCaller(
    providerPool({ definitions, loadProvider }, secrets, endpoints, {
      name: 'Mailover',
      log,
      metrics: { add: () => undefined },
    }),
  );
  const mime = await composeMime(message);
  return () =>
    call(config, {
      message,
      recipients: [message.to[0]?.address ?? ''],
      mime: async () => mime,
      number: 1,
      tracking: { opens: false, clicks: false },
      deadlineMs: 20_000,
      connectMs: 5_000,
    });
}
