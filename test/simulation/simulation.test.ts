import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { PROVIDERS } from '../../chaos/seed.ts';
import { DEPLOYMENT } from '../../chaos/world/world.ts';
import { MAX_RECEIVE_COUNT, timing } from '../../lib/timing.ts';

const MAILS = 120;

// A busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });

describe('the simulation', () => {
  it('takes the same course each time, and finds nothing wrong with this release', async () => {
    const [first, second, other] = await Promise.all([run('current', 3), run('current', 3), run('current', 4)]);

    expect(second.hash).toBe(first.hash);
    expect(other.hash).not.toBe(first.hash);
    expect(first.verdict).toMatchObject({ lost: 0, violations: [], ok: first.verdict.acknowledged });
  });

  it('fails a release without a ledger, which sends twice what comes twice', async () => {
    const { verdict } = await run('withoutLedger', 1, 'sqs-duplicates');

    expect(verdict.causes['unexplained']).toBeGreaterThan(0);
    expect(verdict.violations.join()).toContain('unexplained');
  });

  it('fails a release that deletes what it has not sent', async () => {
    const { verdict } = await run('forgetful', 1, '');

    expect(verdict.lost).toBeGreaterThan(0);
    expect(verdict.ok).toBe(verdict.acknowledged - verdict.lost);
  });

  it('fails a release that drops fields of a later one', async () => {
    const { verdict } = await run('narrow', 1, 'all-down,newer-release');

    expect(verdict.violations.join()).toContain('field forgotten');
  });

  it('brings mail through four days without any provider, since Lambda lets our retries go round', async () => {
    const { verdict } = await runOutage();

    expect(verdict).toMatchObject({ lost: 0, ok: verdict.acknowledged });
    expect(verdict.deadLetters).not.toHaveProperty('moved by SQS');
  });

  it('loses the reason of nearly all that mail where Lambda ends loops, as it does unless told otherwise', async () => {
    const { verdict } = await runOutage('Terminate');

    expect(verdict.deadLetters['moved by SQS']).toBeGreaterThan(verdict.acknowledged / 2);
    expect(verdict.violations.join()).toContain('moved by SQS');
  });

  it('has the queues and time-outs that the deployment has', () => {
    const { functionTimeout, visibilityTimeout, outboundRetention, retryRetention } = timing(PROVIDERS);

    expect(DEPLOYMENT).toMatchObject({
      functionTimeoutMs: functionTimeout.toMilliseconds(),
      visibilityMs: visibilityTimeout.toMilliseconds(),
      outboundRetentionMs: outboundRetention.toMilliseconds(),
      retryRetentionMs: retryRetention.toMilliseconds(),
      maxReceiveCount: MAX_RECEIVE_COUNT,
    });
  });
});

interface Outcome {
  readonly hash: string;
  readonly verdict: {
    readonly deadLetters: Readonly<Record<string, number>>;
    readonly acknowledged: number;
    readonly ok: number;
    readonly lost: number;
    readonly causes: Readonly<Record<string, number>>;
    readonly violations: readonly string[];
  };
}

async function run(release: string, seed: number, faults?: string): Promise<Outcome> {
  const script = fileURLToPath(new URL('run.ts', import.meta.url));
  const given = [script, release, String(seed), String(MAILS), ...(faults === undefined ? [] : [faults])];
  const { stdout } = await promisify(execFile)(process.execPath, given, { maxBuffer: 16 * 1_048_576 });
  return JSON.parse(stdout) as Outcome;
}

async function runOutage(...loops: string[]): Promise<Outcome> {
  const script = fileURLToPath(new URL('outage-run.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, '60', ...loops], {
    maxBuffer: 16 * 1_048_576,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Outcome;
}
