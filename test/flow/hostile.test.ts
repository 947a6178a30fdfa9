import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SUBMISSION_ID } from '../../lambda/contract/dead-letter.ts';
import { METRICS } from '../../lambda/contract/metrics.ts';
import type { StackInfo } from '../../local/api/stack-info.ts';
import { echoes, PLANTED, plantedMail, spelled } from '../support/hostile/echoes.ts';
import { answerOn, DECLARED, foreignRequest } from '../support/hostile/pages.ts';
import { poisonObjects, poisonPointers } from '../support/hostile/poison.ts';
import { hostileSubmissions, PLANT, picker } from '../support/hostile/submissions.ts';
import { post, strangeWebhook } from '../support/hostile/webhooks.ts';
import { localAws, type OpenStack, openStack } from '../support/open-stack.ts';
import { seeded } from '../support/seeded.ts';

// This test sends hostile requests and submissions to a running local stack, 16 at a time. Meanwhile, the simulated providers
// fail, and repeat parts of the mails in their answers.

/** Number of hostile submissions and requests together. `npm run test:hostile-stack` sends many more. */
const COUNT = Number(process.env['MAILOVER_HOSTILE'] ?? 500);
const TIME_SCALE = 30;
/** One of each `POISON_EVERY` submissions refers to an S3 object of tens of megabytes. */
const POISON_EVERY = Math.max(100, COUNT / 100);
const AT_ONCE = 16;

const random = seeded(12);
const hostile = hostileSubmissions(random);
const pick = picker(random);

let stack: OpenStack;
let info: StackInfo;
let directory = '';
let logFile = '';
/** Descriptions of unexpected HTTP answers. The list must stay empty. */
const surprises: string[] = [];
let s3: S3Client;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mailover-hostile-'));
  logFile = process.env['MAILOVER_TEST_LOG'] ?? join(directory, 'functions.log');
  stack = await openStack({ timeScale: TIME_SCALE, logFile, hosts: [DECLARED] });
  info = stack.stack.info;
  s3 = new S3Client({ ...localAws(info.endpoints.aws), forcePathStyle: true });
}, 180_000);

afterAll(async () => {
  s3?.destroy();
  await stack?.close();
  await rm(directory, { recursive: true, force: true });
});

it(`${COUNT} hostile submissions and requests crash no process and lose no mail, and none of their texts is in a log, a dead letter or a metric`, {
  timeout: 300_000 + COUNT * 150,
}, async () => {
  const poison = await putPoison();
  for (const { key, type } of info.providers)
    await stack.api('PUT', `/api/providers/${key}/fault`, echoes(type, await secretOf(key), pick));
  const letters: Message[] = [];
  const reading = new AbortController();
  const reader = readLetters(letters, reading.signal);
  const begun = Date.now();

  const sent: Sent[] = [];
  const arrivals: string[] = [];
  let requests = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let place = next++; place < COUNT; place = next++) {
      const kind = random();
      if (place % POISON_EVERY === 0) sent.push(await submit(pick(poison), hostile.attributes()));
      else if (kind < 0.35) sent.push(await submit(withoutFuture(hostile.body(place)), hostile.attributes()));
      else if (kind < 0.6) sent.push(await submit(JSON.stringify(plantedMail(place, pick)), hostile.attributes()));
      else if (kind < 0.8) arrivals.push(...(await callWebhook(place)));
      else await openPage();
      if (kind >= 0.6) requests += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const sentMs = Date.now() - begun;

  // Removes the faults of all providers, so that every submission can end.
  for (const { key } of info.providers) await stack.api('DELETE', `/api/providers/${key}/fault`);
  await stack.api('DELETE', '/api/circuits');
  const { outbound = '', retry } = info.queues;
  const queues = [outbound, ...Object.values(retry)];
  const left = async () =>
    ((await stack.api('GET', '/api/queues')) as { url: string; visible: number; inFlight: number; delayed: number }[])
      .filter(({ url }) => queues.includes(url))
      .reduce((sum, { visible, inFlight, delayed }) => sum + visible + inFlight + delayed, 0);
  await expect.poll(left, { timeout: 180_000 + COUNT * 60, interval: 500 }).toBe(0);
  await pause(500);
  reading.abort();
  await reader;

  expect(surprises).toEqual([]);

  // No submission may be lost: a provider has accepted it, all its recipients are suppressed, or it is on the dead-letter queue.
  const accepted = new Set(
    ((await stack.api('GET', '/api/accepted?raw=false')) as { submissionId: string }[]).map(
      ({ submissionId }) => submissionId,
    ),
  );
  const dead = countOf(letters.map(({ Body = '' }) => Body));
  const lost: string[] = [];
  for (const { body, ids } of sent) {
    const died = dead.get(body) ?? 0;
    if (died > 0) dead.set(body, died - 1);
    else if (!ids.some((id) => accepted.has(id)) && !(await hasEnded(ids))) lost.push(body.slice(0, 300));
  }
  const received = new Set(
    ((await stack.api('GET', '/api/received')) as { envelope: { to: string[] } }[]).flatMap(
      ({ envelope }) => envelope.to,
    ),
  );

  const metrics = (await stack.api('GET', '/api/metrics')) as Metric[];
  const total = (name: string) =>
    metrics
      .filter((one) => one.name === name)
      .reduce((sum, { points }) => sum + points.reduce((all, { sum: n }) => all + n, 0), 0);
  const reasons = countOf(
    letters.map(({ MessageAttributes = {} }) => MessageAttributes['Reason']?.StringValue ?? 'none'),
  );
  console.log(
    `${sent.length} submissions and ${requests} requests in ${Math.round(sentMs / 1000)} s, all ended after ${Math.round((Date.now() - begun) / 1000)} s; ` +
      `${accepted.size} accepted, ${letters.length} dead (${[...reasons].map(([name, count]) => `${name} ${count}`).join(', ')}), ${lost.length} lost; ` +
      `${total('Errors')} failed invocations`,
  );
  expect(lost).toEqual([]);
  expect(arrivals.slice(-900).filter((to) => !received.has(to))).toEqual([]);

  // No function process may have crashed. A dead letter has the reason `Crashed`, or no reason, only after a crash.
  expect(reasons.get('Crashed') ?? 0).toBe(0);
  expect(reasons.get('none') ?? 0).toBe(0);
  expect(metrics.filter(({ name, points }) => name === 'Errors' && points.some(({ sum }) => sum > 0))).toEqual([]);

  // No planted text may be in the log, in the attributes of a dead letter, or in a metric.
  const telltale = await telltales();
  const found = (text: string) => telltale.filter((one) => text.includes(one));
  const log = await readFile(logFile, 'utf8');
  for (const seen of ['"attempt"', '"dead-lettered"', '"CloudWatchMetrics"', '<hidden>', '"refused"', '"unavailable"'])
    expect(log).toContain(seen);
  const lines = log.toLowerCase();
  expect(
    found(lines).map((one) => lines.slice(Math.max(0, lines.indexOf(one) - 200), lines.indexOf(one) + 200)),
  ).toEqual([]);
  for (const { MessageAttributes = {} } of letters) {
    expect(Object.keys(MessageAttributes).length).toBeLessThanOrEqual(10);
    expect(found(JSON.stringify(MessageAttributes).toLowerCase())).toEqual([]);
  }
  expect(found(JSON.stringify(metrics).toLowerCase())).toEqual([]);
  const keys = new Set([...info.providers.map(({ key }) => key), 'none']);
  for (const { namespace, name, dimensions } of metrics.filter((one) => one.namespace === 'Mailover')) {
    expect([namespace, Object.keys(METRICS)]).toEqual(['Mailover', expect.arrayContaining([name])]);
    if (dimensions['provider'] !== undefined) expect(keys).toContain(dimensions['provider']);
  }
  // The environment of a function process may contain the names of secrets, but not their values.
  for (const { pid } of stack.stack.info.processes) expect(found(environmentOf(pid).toLowerCase())).toEqual([]);
});

interface Sent {
  readonly body: string;
  /** Possible ids of the submission: the id in its body, or the id of the SQS message. */
  readonly ids: readonly string[];
}

interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly points: readonly { readonly sum: number }[];
}

function countOf(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

async function submit(body: string, attributes: Record<string, string>): Promise<Sent> {
  const { MessageId = '' } = await stack.sqs.send(
    new SendMessageCommand({
      QueueUrl: info.queues.outbound,
      MessageBody: body,
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, StringValue]) => [
          name.replace(/[^A-Za-z0-9_.-]/g, ''),
          { DataType: 'String', StringValue },
        ]),
      ),
    }),
  );
  return { body, ids: [idIn(body) ?? MessageId, MessageId] };
}

function idIn(body: string): string | undefined {
  try {
    const { id } = JSON.parse(body) as { id?: unknown };
    return typeof id === 'string' && SUBMISSION_ID.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

async function hasEnded(ids: readonly string[]): Promise<boolean> {
  for (const id of ids) {
    const found = (await stack.api('GET', `/api/submissions/${encodeURIComponent(id)}`)) as
      | { state?: string }
      | undefined;
    if (found?.state === 'accepted' || found?.state === 'suppressed') return true;
  }
  return false;
}

/**
 * Replaces high values of `version` by 0. A submission whose `version` is higher than the supported one stays on the queue for a
 * day, as intended, and this test does not wait for a day.
 */
function withoutFuture(body: string): string {
  return body.replace(/"version":(1e\+308|[2-9]|\d\d)/g, '"version":0');
}

async function readLetters(letters: Message[], signal: AbortSignal): Promise<void> {
  const QueueUrl = info.queues.deadLetter;
  for (let last = false; !last; ) {
    last = signal.aborted;
    const { Messages = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        VisibilityTimeout: 43_200,
      }),
    );
    letters.push(...Messages);
    if (Messages.length === 0) await pause(100);
    else {
      last = false;
      const Entries = Messages.map(({ ReceiptHandle }, place) => ({ Id: String(place), ReceiptHandle }));
      await stack.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  }
}

async function secretOf(key: string): Promise<readonly string[]> {
  const response = await fetch(info.endpoints.aws, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
    body: JSON.stringify({ SecretId: `Mailover/${key}` }),
  });
  const { SecretString = '{}' } = (await response.json()) as { SecretString?: string };
  return Object.values(JSON.parse(SecretString) as Record<string, string>);
}

/**
 * Returns the texts that no log, dead-letter attribute or metric may contain, in lower case: the planted texts and the secrets,
 * in every spelling.
 */
async function telltales(): Promise<readonly string[]> {
  const secrets = (await Promise.all(info.providers.map(({ key }) => secretOf(key)))).flat();
  const routes = Object.values(info.inbound);
  const keys = routes.flatMap((route) =>
    [
      route['signingKey'],
      route['previousSigningKey'],
      route['password'],
      route['previousPassword'],
      route['apiKey'],
    ].filter((one) => one !== undefined),
  );
  // Each webhook path contains a long random part, which is secret too.
  const paths = routes.flatMap(({ path = '' }) => path.split('/').filter((part) => part.length > 15));
  const all = [...spelled([...Object.values(PLANTED), ...secrets, PLANT]), ...keys, ...paths, 'planted', '471188'];
  return [...new Set(all.map((text) => text.toLowerCase()))].filter((text) => text.length > 5);
}

async function putPoison(): Promise<readonly string[]> {
  const bucket = info.buckets.mail ?? '';
  const objects = poisonObjects(bucket);
  for (const [Key, Body] of objects) await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  return poisonPointers(bucket, objects.keys());
}

/** Sends a strange request to a webhook of received mail. Returns the recipients for which a mail must arrive on the inbound queue. */
async function callWebhook(place: number): Promise<readonly string[]> {
  const webhook = strangeWebhook(info.inbound, place, pick);
  const status = await post(info.endpoints.http ?? '', webhook);
  if (status !== undefined && !webhook.statuses.includes(status)) {
    const { method, path, body, statuses } = webhook;
    surprises.push(`${method} ${path.slice(0, 60)} ${body.slice(0, 300)}: ${status}, not ${statuses.join(' or ')}`);
  }
  return webhook.to === undefined ? [] : [webhook.to];
}

async function openPage(): Promise<void> {
  const { aws, http = '', dynamodb = '' } = info.endpoints;
  const { port } = new URL(pick([stack.stack.url, aws, http, dynamodb, ...info.providers.map(({ url }) => url)]));
  const request = foreignRequest(port, pick);
  const answer = await answerOn(Number(port), request);
  // The port of the SMTP server ends a session that begins with an HTTP request. All other ports refuse the request because of
  // its `Host` header.
  if (!/^HTTP\/1\.1 40[03] |^(220 [^\r]*\r\n)?(421|500|502|503) /.test(answer) || /access-control-allow/i.test(answer))
    surprises.push(`${port} ${request}: ${answer.slice(0, 300)}`);
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
