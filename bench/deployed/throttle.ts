import { setTimeout as pause } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/**
 * Share of a processor that a Lambda function with 512 MB gets: a function with 1,769 MB gets one whole processor
 * (docs.aws.amazon.com, configuration-memory, 2026-11).
 */
export const SHARE_512 = 512 / 1_769;

/** Period, in milliseconds, in which the kernel enforces CPU quotas in Lambda. */
const PERIOD_MS = 20;

/**
 * Runs `work` while a process gets only a share of one processor: the process is stopped for the rest of every 20 ms. A separate
 * thread stops and continues the process, since timers of the event loop are exact only to a millisecond.
 */
export async function withCpuShare<T>(pid: number, share: number, work: () => Promise<T>): Promise<T> {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { pid, share, flag } });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  await new Promise((resolve) => worker.once('message', resolve));
  try {
    return await work();
  } finally {
    Atomics.store(flag, 0, 1);
    await ended;
    await pause(1);
  }
}

if (!isMainThread) {
  const { pid, share, flag } = workerData as { pid: number; share: number; flag: Int32Array };
  const nap = new Int32Array(new SharedArrayBuffer(4));
  parentPort?.postMessage('begun');
  while (Atomics.load(flag, 0) === 0) {
    Atomics.wait(nap, 0, 0, PERIOD_MS * share);
    if (Atomics.load(flag, 0) === 1) break;
    process.kill(pid, 'SIGSTOP');
    Atomics.wait(nap, 0, 0, PERIOD_MS * (1 - share));
    process.kill(pid, 'SIGCONT');
  }
}
