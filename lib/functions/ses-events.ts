import {
  ConfigurationSet,
  ConfigurationSetEventDestination,
  EventDestination,
  type IConfigurationSet,
} from 'aws-cdk-lib/aws-ses';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { MailQueue } from '../storage/queues.ts';
import { SesTopic } from './ses-topic.ts';

/** Time-out of the function that reads the queue, below which no message may reappear. */
const VISIBILITY = Duration.seconds(180);

export interface SesEventsProps {
  /** Configuration sets of the provider that exist; with none, one is made. */
  readonly sets: readonly string[];
}

/** The events of one SES provider: its configuration sets publish them to a topic, and the topic to a queue. */
export class SesEvents extends Construct {
  readonly queue: Queue;
  readonly deadLetter: Queue;
  /** The configuration set that was made; undefined if the provider has its own. */
  readonly set: ConfigurationSet | undefined;

  constructor(scope: Construct, id: string, { sets }: SesEventsProps) {
    super(scope, id);
    this.deadLetter = new MailQueue(this, 'DeadLetter', { retentionPeriod: Duration.days(14) });
    this.queue = new MailQueue(this, 'Queue', {
      retentionPeriod: Duration.days(14),
      visibilityTimeout: VISIBILITY,
      // Number of failed receives in two days: each lasts a visibility time-out.
      deadLetterQueue: { queue: this.deadLetter, maxReceiveCount: 960 },
    });
    const topic = new SesTopic(this, 'Topic', this.queue);
    this.set = sets.length === 0 ? new ConfigurationSet(this, 'Set') : undefined;
    const all: [string, IConfigurationSet][] = this.set
      ? [['Destination', this.set]]
      : sets.map((name) => [
          `Destination-${name}`,
          ConfigurationSet.fromConfigurationSetName(this, `Set-${name}`, name),
        ]);
    for (const [name, configurationSet] of all)
      new ConfigurationSetEventDestination(this, name, {
        configurationSet,
        destination: EventDestination.snsTopic(topic),
      });
  }
}
