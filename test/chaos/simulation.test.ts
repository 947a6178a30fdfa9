import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { SIMULATED_PROVIDERS } from '../../chaos/seed.ts';
import { DEPLOYMENT } from '../../chaos/world/world.ts';
import { timing } from '../../lib/configuration/timing.ts';
import { DEFECTS } from './defects/all.ts';

const MAILS = 120;
const OUTAGE_MAILS = 20;

/**
 * A planted defect that a simulation of few mails with one seed finds. `npm run test:defects` plants every defect, in simulations
 * of a thousand mails.
 */
const QUICK = 'the subject is lost';

// On a busy machine a run may take minutes.
vi.setConfig({ testTimeout: 240_000 });

describe('the simulation', () => {
  it('runs the same each time, and finds no violation in this release', async () => {
    const [first, second, other] = await Promise.all([run('current', 3), run('current', 3), run('current', 4)]);

    expect(second.hash).toBe(first.hash);
    expect(other.hash).not.toBe(first.hash);
    expect(first.verdict).toMatchObject({ lost: 0, violations: [], ok: first.verdict.acknowledged });
  });

  it(`finds it when ${QUICK}`, async () => {
    const { verdict } = await run(QUICK, 1);

    const found = DEFECTS[QUICK]?.foundAs.some((kind) => verdict.violations.some((one) => one.startsWith(kind)));
    expect({ found, violations: verdict.violations.slice(0, 3) }).toMatchObject({ found: true });
  });

  it('keeps mail through four days without any provider, since Lambda permits retry loops', async () => {
    const { verdict } = await runOutage();

    expect(verdict).toMatchObject({ lost: 0, ok: verdict.acknowledged });
    expect(verdict.deadLetters).not.toHaveProperty('moved by SQS');
  });

  it('loses the reason of nearly all that mail if Lambda ends loops, as it does by default', async () => {
    const { verdict } = await runOutage('Terminate');

    expect(verdict.deadLetters['moved by SQS']).toBeGreaterThan(OUTAGE_MAILS / 2);
    expect(verdict.violations.join()).toContain('moved by SQS');
  });

  it('has the queues and time-outs that the deployment has', () => {
    const { functionTimeout, visibilityTimeout, outboundRetention, retryRetention, maxReceiveCount } =
      timing(SIMULATED_PROVIDERS);

    expect(DEPLOYMENT).toMatchObject({
      functionTimeoutMs: functionTimeout.toMilliseconds(),
      visibilityMs: visibilityTimeout.toMilliseconds(),
      outboundRetentionMs: outboundRetention.toMilliseconds(),
      retryRetentionMs: retryRetention.toMilliseconds(),
      maxReceiveCount,
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
  const { stdout } = await promisify(execFile)(process.execPath, [script, String(OUTAGE_MAILS), ...loops], {
    maxBuffer: 16 * 1_048_576,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Outcome;
}
