import { expect, test } from 'vitest';
import { LocalEventBuses } from '../../../local/aws/event-bus.ts';
import { readPipes } from '../../../local/template/pipes.ts';

const PIPE = {
  Source: 'arn:aws:sqs:us-east-1:000000000000:events',
  SourceParameters: { SqsQueueParameters: { BatchSize: 5 } },
  Target: 'arn:aws:events:us-east-1:000000000000:event-bus/mail',
  TargetParameters: {
    InputTemplate: '<$.body>',
    EventBridgeEventBusParameters: { Source: 'mailover', DetailType: '$.body.type' },
  },
};

const read = (properties: object) =>
  readPipes(<T>(_type: string, one: (properties: Readonly<Record<string, unknown>>, name: string) => T) => [
    one({ ...PIPE, ...properties }, 'pipe'),
  ]);

test('a pipe puts the body of a message on its bus, by the type in it', () => {
  const buses = new LocalEventBuses();
  const [pipe] = read({});

  expect(pipe && buses.put(pipe, '{"type":"delivered","id":"a"}')).toBe(true);
  expect(buses.events).toMatchObject([
    { bus: PIPE.Target, source: 'mailover', 'detail-type': 'delivered', detail: { type: 'delivered', id: 'a' } },
  ]);
});

test('a message that EventBridge would refuse is not put on the bus', () => {
  const buses = new LocalEventBuses();
  const [pipe] = read({});

  for (const body of ['no json', '{"type":1}', '"delivered"']) expect(pipe && buses.put(pipe, body)).toBe(false);
  expect(buses.events).toEqual([]);
});

test.each([
  { Source: 'arn:aws:kinesis:us-east-1:000000000000:stream/events' },
  { TargetParameters: { ...PIPE.TargetParameters, InputTemplate: '{"a": <$.body>}' } },
])('a pipe of another form fails the start (%j)', (properties) => {
  expect(() => read(properties)).toThrow('pipe pipe: the local stack runs only pipes from a queue to an event bus');
});
