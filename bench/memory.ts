import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { FullStackInfo } from '../local/api/stack-info.ts';
import { startStack } from '../local/stack.ts';
import type { Figure } from './figure.ts';

/** The default of `senderMemory`, in MB; a function that uses more memory is killed. */
const LIMIT_MB = 512;
/** Size, in bytes, of the largest S3 object that the sender reads. */
const LARGEST = 40_000_000;
const PATIENCE_MS = 240_000;
const LOOK_MS = 10;

type Mail = Readonly<Record<string, unknown>>;

/**
 * Sends the largest mails through a running local stack. Kills a sender process that uses more memory than its function has, as
 * Lambda would do. The figures are the peaks of the memory, and the number of killed sender processes.
 */
export async function measureMemory(): Promise<Figure[]> {
  return [
    ...(await round('a submission of 40 MB in a bucket beside nine of 10 KB', async (world) => [
      await world.inBucket(largest()),
      ...Array.from({ length: 9 }, () => small()),
    ])),
    ...(await round('an attachment of 29 MB in a bucket beside nine of 10 KB', async (world) => [
      { ...small(), attachments: [await world.file(29_000_000)] },
      ...Array.from({ length: 9 }, () => small()),
    ])),
    ...(await round('ten submissions of 40 MB in a bucket', (world) =>
      Promise.all(Array.from({ length: 10 }, () => world.inBucket(largest()))),
    )),
  ];
}

interface World {
  inBucket(mail: Mail): Promise<Mail>;
  file(bytes: number): Promise<object>;
}

async function round(name: string, mailsOf: (world: World) => Promise<readonly Mail[]>): Promise<Figure[]> {
  const stack = await startStack({ port: 0, timeScale: 1 });
  try {
    const get = async <T>(path: string) => (await (await fetch(new URL(path, stack.url))).json()) as T;
    const info = await get<FullStackInfo>('/api/stack');
    const access = {
      region: 'us-east-1',
      endpoint: info.endpoints.aws,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    };
    const s3 = new S3Client({ ...access, forcePathStyle: true });
    const put = async (Body: Buffer) => {
      const Key = `submissions/${randomUUID()}`;
      await s3.send(new PutObjectCommand({ Bucket: info.buckets.mail, Key, Body }));
      return { bucket: info.buckets.mail, key: Key };
    };
    const mails = await mailsOf({
      inBucket: async (mail) => ({ version: 1, s3: await put(Buffer.from(JSON.stringify(mail))) }),
      file: async (bytes) => ({
        filename: 'large.bin',
        contentType: 'application/octet-stream',
        s3: await put(randomBytes(bytes)),
      }),
    });
    s3.destroy();
    const watch = new Watch(() => get<FullStackInfo>('/api/stack'));
    const watched = watch.run();
    const sqs = new SQSClient(access);
    const Entries = mails.map((mail, index) => ({ Id: String(index), MessageBody: JSON.stringify(mail) }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: info.queues.outbound, Entries }));
    sqs.destroy();
    const end = Date.now() + PATIENCE_MS;
    let taken = 0;
    while (taken < mails.length && Date.now() < end) {
      await pause(250);
      taken = (await get<unknown[]>('/api/accepted?raw=false')).length;
    }
    watch.stop();
    await watched;
    const target = {
      text: `${mails.length} accepted, at most ${LIMIT_MB} MB`,
      met: taken === mails.length && watch.killed === 0,
    };
    return [{ name, value: `peak ${watch.peakMb.toFixed(0)} MB, ${taken} accepted, ${watch.killed} killed`, target }];
  } finally {
    await stack.close();
  }
}

/** Polls the memory of every sender process, and kills the processes that use more than the limit. */
class Watch {
  peakMb = 0;
  killed = 0;
  #running = true;
  readonly #dead = new Set<number>();
  readonly #describe: () => Promise<FullStackInfo>;

  constructor(describe: () => Promise<FullStackInfo>) {
    this.#describe = describe;
  }

  async run(): Promise<void> {
    let pids: readonly number[] = [];
    for (let look = 0; this.#running; look++) {
      if (look % 20 === 0)
        pids = (await this.#describe()).processes.filter((one) => one.function === 'sender').map(({ pid }) => pid);
      for (const pid of pids) await this.#look(pid);
      await pause(LOOK_MS);
    }
  }

  stop(): void {
    this.#running = false;
  }

  async #look(pid: number): Promise<void> {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const mb = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
    this.peakMb = Math.max(this.peakMb, mb);
    if (mb <= LIMIT_MB || this.#dead.has(pid)) return;
    this.#dead.add(pid);
    this.killed += 1;
    process.kill(pid, 'SIGKILL');
  }
}

function small(): Mail {
  return { version: 1, id: randomUUID(), from: 'bench@example.com', to: ['ada@example.org'], text: 'x'.repeat(10_000) };
}

/** Returns a submission of just below 40 MB: the base64 text of 29,998,000 bytes, and the other fields. */
function largest(): Mail {
  const content = randomBytes(Math.floor(((LARGEST - 2_000) / 4) * 3 - 3)).toString('base64');
  const attachments = [{ filename: 'large.bin', contentType: 'application/octet-stream', content }];
  return { ...small(), text: 'large', attachments };
}
