import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StackClock } from '../../../local/clock.ts';
import { runSchedules } from '../../../local/lambda/schedule.ts';
import { readSchedules } from '../../../local/template/schedules.ts';

type Properties = Readonly<Record<string, unknown>>;

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:mailover-health';
const every = (minutes: number) => ({ name: 'rule', functionName: 'mailover-health', everyMs: minutes * 60_000 });

describe('reading schedules', () => {
  it('reads rules and EventBridge Scheduler, with the input of their target', () => {
    const schedules = read({
      'AWS::Events::Rule': { ScheduleExpression: 'rate(1 minute)', Targets: [{ Arn: ARN, Id: 'a' }] },
      'AWS::Scheduler::Schedule': { ScheduleExpression: 'rate(2 hours)', Target: { Arn: ARN, Input: '{"a":1}' } },
    });

    expect(schedules).toEqual([every(1), { ...every(120), input: { a: 1 } }]);
  });

  it('leaves out what is disabled, has no schedule, or calls no function', () => {
    const rule = { ScheduleExpression: 'rate(1 minute)', Targets: [{ Arn: ARN }] };

    expect(read({ 'AWS::Events::Rule': { ...rule, State: 'DISABLED' } })).toEqual([]);
    expect(read({ 'AWS::Events::Rule': { EventPattern: {}, Targets: [{ Arn: ARN }] } })).toEqual([]);
    expect(read({ 'AWS::Events::Rule': { ...rule, Targets: [{ Arn: 'arn:aws:sqs:us-east-1:0:q' }] } })).toEqual([]);
  });

  it('fails on a schedule that it cannot run', () => {
    const rule = { ScheduleExpression: 'cron(0 8 * * ? *)', Targets: [{ Arn: ARN }] };

    expect(() => read({ 'AWS::Events::Rule': rule })).toThrow('cron(0 8 * * ? *)');
  });
});

describe('running schedules', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('calls at once and then by the stack clock, with the event of EventBridge', async () => {
    const invoke = vi.fn(async () => undefined);
    const end = runSchedules({ schedules: [every(5)], clock: new StackClock(60), invoke });

    await vi.advanceTimersByTimeAsync(10_000);
    end();
    await vi.advanceTimersByTimeAsync(60_000);

    expect(invoke).toHaveBeenCalledTimes(3);
    expect(invoke).toHaveBeenCalledWith(
      'mailover-health',
      expect.objectContaining({ 'detail-type': 'Scheduled Event', source: 'aws.events' }),
    );
  });

  it('lets a call end before the next, and continues after a failed call', async () => {
    const calls: PromiseWithResolvers<unknown>[] = [];
    const invoke = vi.fn(() => {
      const call = Promise.withResolvers<unknown>();
      calls.push(call);
      return call.promise;
    });
    const end = runSchedules({ schedules: [every(1)], clock: new StackClock(), invoke });

    await vi.advanceTimersByTimeAsync(180_000);
    expect(invoke).toHaveBeenCalledTimes(1);
    calls[0]?.reject(new Error('on purpose'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(invoke).toHaveBeenCalledTimes(2);
    end();
  });

  it('leaves a second for a call at any time scale', async () => {
    const invoke = vi.fn(async () => undefined);
    const end = runSchedules({ schedules: [every(1)], clock: new StackClock(6_000), invoke });

    await vi.advanceTimersByTimeAsync(2_000);
    end();

    expect(invoke).toHaveBeenCalledTimes(3);
  });
});

function read(resources: Readonly<Record<string, Properties>>) {
  return readSchedules((type, reader) => (resources[type] ? [reader(resources[type], 'rule')] : []));
}
