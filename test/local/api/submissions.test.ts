import { expect, it } from 'vitest';
import type { SubmissionRecord } from '../../../lambda/submission/record.ts';
import { stateOf } from '../../../local/api/submissions.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const attempt = { number: 1, provider: 'postmark', account: { type: 'postmark' }, begun: NOW - 9, ended: NOW } as const;
const record: SubmissionRecord = {
  pk: 'submission/a',
  rev: 1,
  hash: 'h',
  origin: 'm-1',
  firstSeen: NOW,
  state: 'open',
  worker: 'w',
  lineage: 'unknown',
  attempts: [],
  carried: { attempts: 1, done: [], history: [] },
};
const lease = { owner: 'w', until: NOW + 1 };

it.each<[string, Partial<SubmissionRecord>]>([
  ['waiting', {}],
  ['waiting', { lease: { ...lease, until: NOW } }],
  ['in-flight', { lease }],
  ['dead', { state: 'dead', reason: 'Refused' }],
  [
    'accepted',
    {
      state: 'done',
      attempts: [
        { ...attempt, outcome: 'throttled' },
        { ...attempt, outcome: 'accepted' },
      ],
    },
  ],
  ['suppressed', { state: 'done', attempts: [{ ...attempt, outcome: 'refused' }] }],
])('a submission is %s', (state, change) => {
  expect(stateOf({ ...record, ...change }, NOW)).toBe(state);
});
