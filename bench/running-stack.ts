import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { depth } from '../cli/send/queue-view.ts';
import type { FullStackInfo } from '../local/api/stack-info.ts';
import type { Figure } from './figure.ts';

const PORT = 4860;
const BASE = `http://127.0.0.1:${PORT}`;
const SUBMISSIONS = 1_000;
const BODY_BYTES = 10_240;
const ATTACHMENT_BYTES = 5 * 1024 * 1024;
const READY_SECONDS = 6;
const DRAIN_SECONDS = 10;

/** Starts the product with `npm start`, like a user, and measures it through its public interfaces. */
export async function measureStack(): Promise<Figure[]> {
  const start = performance.now();
  // The process gets its own process group, so that npm and its child processes can be ended together.
  const child = spawn('npm', ['start'], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, MAILOVER_PORT: String(PORT) },
  });
  const abandon = () => signal(child, 'SIGKILL');
  process.once('exit', abandon);
  process.once('SIGINT', () => process.exit(130));
  try {
    const stack = await ready(child);
    const readySeconds = (performance.now() - start) / 1000;
    const figures: Figure[] = [
      seconds('npm start until ready', readySeconds, READY_SECONDS),
      ...(await measureDrain(stack)),
      ...(await measureMemory(stack)),
    ];
    return figures;
  } finally {
    await end(child);
    process.off('exit', abandon);
  }
}

async function measureDrain({ queues, endpoints }: FullStackInfo): Promise<Figure[]> {
  const sqs = sqsFor(endpoints.aws);
  const text = 'x'.repeat(BODY_BYTES);
  const start = performance.now();
  for (let sent = 0; sent < SUBMISSIONS; sent += 10) {
    const Entries = Array.from({ length: 10 }, (_, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify(submission(`bench-${sent + index}`, { text })),
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queues.outbound, Entries }));
  }
  const queuedSeconds = (performance.now() - start) / 1000;
  await until('the outbound queue is empty', 60_000, async () => (await depth(sqs, queues.outbound)) === 0);
  const drainedSeconds = (performance.now() - start) / 1000;
  sqs.destroy();
  const taken = new Set((await accepted()).flatMap(({ submissionId }) => submissionId ?? [])).size;
  if (taken !== SUBMISSIONS) throw new Error(`${taken} of ${SUBMISSIONS} submissions are accepted`);
  return [
    { name: '1,000 submissions of 10 KB put on the queue', value: `${queuedSeconds.toFixed(1)} s` },
    seconds('the same, from first SendMessage to all accepted', drainedSeconds, DRAIN_SECONDS),
  ];
}

async function measureMemory({ queues, buckets, endpoints }: FullStackInfo): Promise<Figure[]> {
  const before = await highWaterMb();
  const s3 = new S3Client({ ...client(endpoints.aws), forcePathStyle: true });
  const Key = `submissions/${randomUUID()}`;
  await s3.send(new PutObjectCommand({ Bucket: buckets.mail, Key, Body: randomBytes(ATTACHMENT_BYTES) }));
  s3.destroy();
  const sqs = sqsFor(endpoints.aws);
  const attachments = [
    { filename: 'large.bin', contentType: 'application/octet-stream', s3: { bucket: buckets.mail, key: Key } },
  ];
  const MessageBody = JSON.stringify(submission('bench-large', { text: 'large', attachments }));
  await sqs.send(new SendMessageCommand({ QueueUrl: queues.outbound, MessageBody }));
  sqs.destroy();
  await until('the large submission is accepted', 30_000, async () => (await accepted('bench-large')).length === 1);
  const after = await highWaterMb();
  if (before === undefined || after === undefined) {
    return [{ name: 'sender memory', value: 'not measured: needs /proc' }];
  }
  return [
    { name: 'sender memory high-water after 1,000 submissions', value: `${before.toFixed(0)} MB` },
    { name: 'the same after a 5 MB attachment by S3 reference', value: `${after.toFixed(0)} MB` },
  ];
}

/**
 * Returns the highest peak of the resident memory of all sender processes, as the kernel reports it in /proc; undefined if there
 * is no /proc.
 */
async function highWaterMb(): Promise<number | undefined> {
  const { processes } = await describe();
  const peaks = await Promise.all(
    processes
      .filter((it) => it.function === 'sender')
      .map(async ({ pid }) => {
        const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
        return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
      }),
  );
  return Math.max(0, ...peaks) || undefined;
}

async function ready(child: ChildProcess): Promise<FullStackInfo> {
  await until('the local stack is ready', 60_000, async () => {
    if (child.exitCode !== null) throw new Error(`npm start ended with exit code ${child.exitCode}`);
    return (await describe().catch(() => undefined))?.ready === true;
  });
  return describe();
}

async function describe(): Promise<FullStackInfo> {
  return (await (await fetch(`${BASE}/api/stack`)).json()) as FullStackInfo;
}

async function accepted(id?: string): Promise<{ submissionId?: string }[]> {
  const filter = id === undefined ? '' : `&id=${id}`;
  return (await (await fetch(`${BASE}/api/accepted?raw=false${filter}`)).json()) as { submissionId?: string }[];
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const exit = once(child, 'exit');
  signal(child, 'SIGINT');
  const late = setTimeout(() => signal(child, 'SIGKILL'), 10_000);
  await exit;
  clearTimeout(late);
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    // The error ESRCH means that the whole process group has already ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function until(what: string, withinMs: number, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${withinMs / 1000} s passed before ${what}`);
    await pause(25);
  }
}

function submission(id: string, content: object): object {
  return { version: 1, id, from: 'bench@example.com', to: ['ada@example.org'], subject: id, ...content };
}

function seconds(name: string, value: number, most: number): Figure {
  return { name, value: `${value.toFixed(1)} s`, target: { text: `at most ${most} s`, met: value <= most } };
}

function client(endpoint: string) {
  return { region: 'us-east-1', endpoint, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
}

function sqsFor(endpoint: string): SQSClient {
  return new SQSClient(client(endpoint));
}
