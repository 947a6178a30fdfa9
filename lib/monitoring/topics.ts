import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, type ITopicSubscription, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ConfigurationError } from '../configuration/validate-providers.ts';
import type { MonitoringProps, Severity } from './monitoring.ts';

type Targets = readonly ITopicSubscription[] | 'elsewhere';

/** The two topics that alarms are told to. */
export class AlarmTopics extends Construct {
  private readonly bySeverity: Readonly<Record<Severity, Topic>>;

  constructor(scope: Construct, id: string, { stage = 'production', page = [], ticket = page }: MonitoringProps) {
    super(scope, id);
    if (stage === 'production') refuseSilence({ page, ticket });
    const key = this.key();
    this.bySeverity = {
      page: this.topic('Page', 'Mailover: page', key, page),
      ticket: this.topic('Ticket', 'Mailover: ticket', key, ticket),
    };
  }

  of(severity: Severity): ITopic {
    return this.bySeverity[severity];
  }

  /**
   * A key of our own, since SNS encrypts by KMS only and CloudWatch cannot use the key that AWS manages for SNS: its
   * policy names no other service (repost.aws, "cloudwatch-configure-alarm-sns", 2026-11-25).
   */
  private key(): Key {
    const key = new Key(this, 'Key', {
      description: 'Encrypts the alarms of Mailover',
      enableKeyRotation: true,
      pendingWindow: Duration.days(7),
    });
    key.addToResourcePolicy(this.cloudWatch(['kms:Decrypt', 'kms:GenerateDataKey*'], '*'));
    return key;
  }

  private topic(id: string, displayName: string, masterKey: Key, targets: Targets): Topic {
    const topic = new Topic(this, id, { displayName, masterKey, enforceSSL: true });
    // The policy that demands TLS replaces the one that every topic has by itself, and that one let CloudWatch in.
    topic.addToResourcePolicy(this.cloudWatch(['sns:Publish'], topic.topicArn));
    if (targets !== 'elsewhere') for (const target of targets) topic.addSubscription(target);
    return topic;
  }

  private cloudWatch(actions: string[], resource: string): PolicyStatement {
    return new PolicyStatement({
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions,
      resources: [resource],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
    });
  }
}

/** @throws ConfigurationError */
function refuseSilence(targets: Readonly<Record<Severity, Targets>>): void {
  const faults = (['page', 'ticket'] as const).flatMap((severity) => {
    const given = targets[severity];
    if (given === 'elsewhere' || given.some((target) => !(target instanceof EmailSubscription))) return [];
    const what = given.length === 0 ? 'nobody' : 'e-mail addresses only, which fail together with what they report';
    return [
      `monitoring.${severity}: alarms would reach ${what}; give a pager, a chat, a phone or a function besides, or say ` +
        `'elsewhere' if one subscribes to the topic by itself, or set monitoring.stage to 'trial'`,
    ];
  });
  if (faults.length > 0) throw new ConfigurationError(faults);
}
