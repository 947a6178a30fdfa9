import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, type ITopicSubscription, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ConfigurationError } from '../configuration/configuration-error.ts';
import { deploymentName } from '../configuration/deployment-name.ts';

/** Urgency of an alarm. `page`: mail is stopped or soon lost, act now. `ticket`: mail goes out, act within the day. */
export type Severity = 'page' | 'ticket';

type Targets = readonly ITopicSubscription[] | 'elsewhere';

/** Where the alarms of each severity are sent. */
export interface AlarmTargets {
  /**
   * Targets of alarms that page: subscriptions of `aws-cdk-lib/aws-sns-subscriptions`, such as a pager's `UrlSubscription`, an
   * `SmsSubscription`, a `LambdaSubscription`; or `elsewhere`, if a chat or an incident manager subscribes to the topic.
   * @default - none
   */
  readonly page?: Targets;
  /**
   * Targets of alarms that are tickets.
   * @default - the same as `page`
   */
  readonly ticket?: Targets;
}

/** The topics of pages and tickets, which alarms publish to. */
export class AlarmTopics extends Construct {
  private readonly bySeverity: Readonly<Record<Severity, Topic>>;

  constructor(scope: Construct, id: string, { page = [], ticket = page }: AlarmTargets) {
    super(scope, id);
    const name = deploymentName(this);
    const key = this.key(name);
    this.bySeverity = {
      page: this.topic('Page', `${name}: page`, key, page),
      ticket: this.topic('Ticket', `${name}: ticket`, key, ticket),
    };
  }

  of(severity: Severity): ITopic {
    return this.bySeverity[severity];
  }

  /**
   * A key of our own, since SNS encrypts by KMS only and CloudWatch cannot use the key that AWS manages for SNS: its
   * policy names no other service (repost.aws, "cloudwatch-configure-alarm-sns", 2026-11-25).
   */
  private key(name: string): Key {
    const key = new Key(this, 'Key', {
      description: `Encrypts the alarms of ${name}`,
      enableKeyRotation: true,
      pendingWindow: Duration.days(7),
      // A failed first deployment deletes it, since a key is paid for.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    key.addToResourcePolicy(this.cloudWatch(['kms:Decrypt', 'kms:GenerateDataKey*'], '*'));
    return key;
  }

  private topic(id: string, displayName: string, masterKey: Key, targets: Targets): Topic {
    const topic = new Topic(this, id, { displayName, masterKey, enforceSSL: true });
    // The policy that requires TLS replaces the default policy of a topic, which admitted CloudWatch.
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

/** @throws ConfigurationError if alarms would reach nothing but e-mail addresses */
export function checkTargets({ page = [], ticket = page }: AlarmTargets = {}): void {
  const targets: Readonly<Record<Severity, Targets>> = { page, ticket };
  const faults = (['page', 'ticket'] as const).flatMap((severity) => {
    const given = targets[severity];
    if (given === 'elsewhere' || given.some((target) => !(target instanceof EmailSubscription))) return [];
    const what = given.length === 0 ? 'no target' : 'e-mail addresses only, which fail together with what they report';
    return [
      `monitoring.${severity}: alarms would reach ${what}; give a pager, a chat, a phone or a function as well, or say ` +
        `'elsewhere' if one subscribes to the topic by itself`,
    ];
  });
  if (faults.length > 0) throw new ConfigurationError(faults);
}
