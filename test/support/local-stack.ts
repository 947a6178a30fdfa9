import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { FullStackInfo } from '../../local/api/stack-info.ts';

/** The local stack (`npm start`), which runs in a process of its own on its own ports. */
export interface RunningStack {
  readonly base: string;
  get<T>(path: string): Promise<T>;
  stop(): Promise<void>;
}

/** Starts the local stack, and waits until its sender receives messages from the outbound queue. */
export async function startLocalStack(port: number, timeScale: number): Promise<RunningStack> {
  const child = spawn(process.execPath, ['cli/start.ts'], {
    env: { ...process.env, MAILOVER_PORT: String(port), MAILOVER_TIME_SCALE: String(timeScale) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const base = `http://127.0.0.1:${port}`;
  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${base}${path}`)).json()) as T;
  const until = Date.now() + 50_000;
  while (!(await get<FullStackInfo>('/api/stack').catch(() => undefined))?.ready) {
    if (child.exitCode !== null || Date.now() > until) {
      await stop(child);
      throw new Error(`the local stack does not become ready:\n${output}`);
    }
    await pause(100);
  }
  return { base, get, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exit;
  clearTimeout(late);
}
