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

/** Visibility time-out of the queue. It is more than six times the time-out (29 s) of the function that reads the queue. */
const VISIBILITY = Duration.seconds(180);

export interface SesEventsProps {
  /** Names of the existing SES configuration sets of the provider; if the list is empty, one configuration set is created. */
  readonly sets: readonly string[];
}

/**
 * The resources for the delivery events of one SES provider. Its SES configuration sets publish the events to a topic, and the
 * topic sends them to a queue.
 */
export class SesEvents extends Construct {
  readonly queue: Queue;
  readonly deadLetter: Queue;
  /**
   * The SES configuration set that this construct creates; undefined if the configuration of the provider names existing sets.
   */
  readonly set: ConfigurationSet | undefined;

  constructor(scope: Construct, id: string, { sets }: SesEventsProps) {
    super(scope, id);
    this.deadLetter = new MailQueue(this, 'DeadLetter', { retentionPeriod: Duration.days(14) });
    this.queue = new MailQueue(this, 'Queue', {
      retentionPeriod: Duration.days(14),
      visibilityTimeout: VISIBILITY,
      // An event that cannot be processed reaches this receive count after two days, since it becomes visible again after each
      // visibility time-out.
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
