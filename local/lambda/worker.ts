import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { DeployedFunction } from '../template/deployed.ts';
import type { ChildReport, Invocation } from './protocol.ts';

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.ts', import.meta.url));

interface Pending {
  readonly id: string;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** A child process that runs a Lambda function, one invocation at a time, like an execution environment of Lambda. */
export class FunctionProcess {
  readonly pid: number;
  /** Resolves when the handler has been imported. Rejects if the process ends before the handler has been imported. */
  readonly ready: Promise<void>;
  /** Resolves when the process has ended, for whatever reason. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  readonly #timeoutMs: number;
  #pending: Pending | undefined;
  #alive = true;

  constructor(
    target: DeployedFunction,
    environment: Readonly<Record<string, string>>,
    onOutput: (text: string) => void,
  ) {
    this.#timeoutMs = target.timeoutSeconds * 1000;
    this.#child = fork(BOOTSTRAP, {
      cwd: target.directory,
      env: { ...environment },
      execArgv: [`--max-old-space-size=${target.memoryMb}`, '--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.pid = this.#child.pid ?? 0;
    for (const stream of [this.#child.stdout, this.#child.stderr]) if (stream) forwardLines(stream, onOutput);
    const settled = Promise.withResolvers<void>();
    this.ready = settled.promise;
    this.ready.catch(() => {});
    this.gone = new Promise((resolve) => {
      const end = (): void => {
        this.#alive = false;
        const error = new Error(`a process of ${target.name} ended`);
        settled.reject(error);
        this.#pending?.reject(error);
        resolve();
      };
      this.#child.once('exit', end);
      this.#child.once('error', end);
    });
    this.#child.on('message', (report: ChildReport) => {
      if (report.kind === 'ready') settled.resolve();
      else this.#settle(report);
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /**
   * Runs the handler once. `trace` is the X-Ray trace header of the invocation. Rejects if the handler throws or times out, or if
   * the process ends.
   */
  async invoke(event: unknown, trace: string): Promise<unknown> {
    const id = randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending = { id, resolve, reject };
    const timer = setTimeout(() => this.kill(), this.#timeoutMs);
    const invocation: Invocation = { id, event, endsAt: Date.now() + this.#timeoutMs, trace };
    this.#child.send(invocation, (error) => error && reject(error));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#pending = undefined;
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #settle(report: Exclude<ChildReport, { kind: 'ready' }>): void {
    if (this.#pending?.id !== report.id) return;
    if (report.kind === 'answered') this.#pending.resolve(report.answer);
    else this.#pending.reject(new Error(`the handler threw ${report.name}`));
  }
}

/** Forwards the output of a process line by line, so that the lines of several processes do not mix. */
function forwardLines(stream: Readable, onOutput: (text: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => onOutput(`${line}\n`));
}
