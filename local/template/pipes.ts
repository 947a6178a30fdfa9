import type { EachResource, Properties } from './resources.ts';

/** An EventBridge pipe of the template, which puts the messages of a queue on an event bus. */
export interface DeployedPipe {
  readonly queueArn: string;
  /** ARN or name of the event bus. */
  readonly bus: string;
  readonly batchSize: number;
  readonly source: string;
  /** Name of the field in the message body that contains the detail type of the event. */
  readonly typeField: string;
}

/** Reads the EventBridge pipes of a template. Throws on a pipe that the local stack cannot run. */
export function readPipes(each: EachResource): DeployedPipe[] {
  return each('AWS::Pipes::Pipe', (properties, name) => {
    const { InputTemplate, EventBridgeEventBusParameters } = (properties['TargetParameters'] ?? {}) as Properties;
    const { Source, DetailType } = (EventBridgeEventBusParameters ?? {}) as Properties;
    const typeField = /^\$\.body\.(\w+)$/.exec(String(DetailType))?.[1];
    const queueArn = String(properties['Source']);
    if (!queueArn.startsWith('arn:aws:sqs:') || InputTemplate !== '<$.body>' || !typeField)
      throw new Error(
        `pipe ${name}: the local stack runs only pipes from a queue to an event bus, with the template <$.body> and a detail type $.body.<field>`,
      );
    const { SqsQueueParameters } = (properties['SourceParameters'] ?? {}) as Properties;
    return {
      queueArn,
      bus: String(properties['Target']),
      batchSize: Number(((SqsQueueParameters ?? {}) as Properties)['BatchSize'] ?? 10),
      source: String(Source),
      typeField,
    };
  });
}
