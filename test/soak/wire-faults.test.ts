import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { defined } from '../../lambda/platform/defined.ts';
import type { ProviderType } from '../../lambda/providers/registry.ts';
import { MATRIX, type Situation } from '../lib/monitoring/alarm-matrix.ts';
import { type OpenStack, openStack } from '../support/open-stack.ts';

// test/lib/monitoring computes a matrix of faults and alarms from assumed outcomes of attempts. This test makes the simulated
// providers answer with these faults, and checks that the sender records the assumed outcomes.
const PATIENCE = { timeout: 60_000, interval: 100 };
vi.setConfig({ testTimeout: 120_000, hookTimeout: 90_000 });

let stack: OpenStack;
const attempts: Record<string, unknown>[] = [];

beforeAll(async () => {
  stack = await openStack({
    timeScale: 60,
    app: 'test/flow/apps/every-type.ts',
    onOutput: (text) => void attempts.push(...attemptsIn(text)),
  });
});

afterAll(async () => {
  await stack?.close();
});

describe.each(MATRIX.filter(({ local }) => local !== undefined).map((row, place) => ({ ...row, place })))(
  '$fault',
  (situation) => {
    it('has the outcome with which the matrix is computed, at every provider', async () => {
      await stack.call('DELETE', '/api/circuits');
      const faulty = stack.stack.info.providers.flatMap(({ key, type }) => {
        const fault = faultOf(situation, type as ProviderType);
        return fault ? [{ key, fault }] : [];
      });

      const seen = await Promise.all(
        faulty.map(async ({ key, fault }) => {
          await stack.call('PUT', `/api/providers/${key}/fault`, fault);
          const id = `${situation.place}-${key}`;
          await send(id, key, situation.fifth === true);
          await expect.poll(() => attemptOf(id), PATIENCE).toBeDefined();
          await stack.call('DELETE', `/api/providers/${key}/fault`);
          const { outcome, blames } = attemptOf(id) ?? {};
          return { key, outcome, ...defined({ blames }) };
        }),
      );

      const { outcome } = situation;
      const expected = { outcome: outcome.kind, ...('blames' in outcome && { blames: outcome.blames }) };
      expect(faulty.length).toBeGreaterThanOrEqual(3);
      expect(seen).toEqual(faulty.map(({ key }) => ({ key, ...expected })));
    });
  },
);

/**
 * Returns the fault of a row of the matrix for the simulator of this provider type. The fault affects every mail, even if it
 * affects only a part of the mails in the matrix.
 */
function faultOf({ local }: Situation, type: ProviderType): object | undefined {
  const { rate: _part, times: _number, ...fault } = local?.(type) ?? {};
  return Object.keys(fault).length > 0 ? fault : undefined;
}

function attemptOf(id: string): Record<string, unknown> | undefined {
  return attempts.find(({ submissionId }) => submissionId === id);
}

function attemptsIn(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => {
    if (!line.includes('"attempt"')) return [];
    const entry = JSON.parse(line) as Record<string, unknown>;
    return entry['message'] === 'attempt' ? [entry] : [];
  });
}

async function send(id: string, provider: string, isFifth: boolean): Promise<void> {
  const body = {
    version: 1,
    id,
    from: isFifth ? 'news@example.net' : 'shop@example.com',
    to: [isFifth ? 'bo@two.example.org' : 'ada@example.org'],
    subject: 'A mail',
    text: 'Hello',
    providers: { only: [provider] },
    ...(isFifth && { attachments: [{ filename: 'a.pdf', contentType: 'application/pdf', content: 'JVBERg==' }] }),
  };
  await stack.send([body]);
}
