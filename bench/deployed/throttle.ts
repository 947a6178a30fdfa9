import { setTimeout as pause } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Share of a processor of a function with 512 MB: 1,769 MB have one (docs.aws.amazon.com, configuration-memory, 2026-11). */
export const SHARE_512 = 512 / 1_769;

/** Period of the kernel's scheduler for CPU quotas in Lambda, in milliseconds. */
const PERIOD_MS = 20;

/**
 * Runs `work` while a process gets a share of one processor only: it is stopped for the rest of every 20 ms. A thread of its
 * own does that, since timers of the event loop are exact to a millisecond only.
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
