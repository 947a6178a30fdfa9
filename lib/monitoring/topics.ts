import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, type ITopicSubscription, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ConfigurationError } from '../configuration/configuration-error.ts';
import { deploymentName } from '../configuration/deployment-name.ts';

/**
 * Urgency of an alarm. `page`: an operator must act immediately, since mail has stopped, was lost or may soon be lost, or since a
 * provider refuses the account. `ticket`: an operator must act within a day; in most cases mail still goes out.
 */
export type Severity = 'page' | 'ticket';

type Targets = readonly ITopicSubscription[] | 'elsewhere';

/** Where the alarms of each severity are sent. */
export interface AlarmTargets {
  /**
   * Targets of alarms with the severity `page`: subscriptions of `aws-cdk-lib/aws-sns-subscriptions`, such as a `UrlSubscription`
   * for a pager, an `SmsSubscription` or a `LambdaSubscription`. `elsewhere` means that a chat system or an incident manager
   * subscribes to the topic by itself.
   * @default - none
   */
  readonly page?: Targets;
  /**
   * Targets of alarms with the severity `ticket`.
   * @default - the same as `page`
   */
  readonly ticket?: Targets;
}

/** The SNS topics to which alarms publish: one for the severity `page`, one for `ticket`. */
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
   * Creates the customer-managed KMS key that encrypts the topics. SNS encrypts only with KMS keys, and CloudWatch cannot use the
   * key that AWS manages for SNS, since the policy of this AWS managed key allows no other service (repost.aws,
   * "cloudwatch-configure-alarm-sns", 2026-11-25).
   */
  private key(name: string): Key {
    const key = new Key(this, 'Key', {
      description: `Encrypts the alarms of ${name}`,
      enableKeyRotation: true,
      pendingWindow: Duration.days(7),
      // If the deployment that creates the key fails, the key is deleted, since AWS bills each key that exists. Otherwise the key
      // is kept when the stack is deleted.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    key.addToResourcePolicy(this.cloudWatch(['kms:Decrypt', 'kms:GenerateDataKey*'], '*'));
    return key;
  }

  private topic(id: string, displayName: string, masterKey: Key, targets: Targets): Topic {
    const topic = new Topic(this, id, { displayName, masterKey, enforceSSL: true });
    // `enforceSSL` adds a policy that replaces the default policy of the topic. The default policy lets CloudWatch publish to the
    // topic, so this statement is needed to allow that.
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

/** @throws ConfigurationError if the alarms of a severity have no target, or only e-mail addresses as targets */
export function checkTargets({ page = [], ticket = page }: AlarmTargets = {}): void {
  const targets: Readonly<Record<Severity, Targets>> = { page, ticket };
  const faults = (['page', 'ticket'] as const).flatMap((severity) => {
    const given = targets[severity];
    if (given === 'elsewhere' || given.some((target) => !(target instanceof EmailSubscription))) return [];
    const what =
      given.length === 0
        ? 'no target'
        : 'e-mail addresses only, and e-mail may fail together with the mail of this deployment';
    return [
      `monitoring.${severity}: alarms would reach ${what}; add a pager, a chat, a phone or a function, or set ` +
        `'elsewhere' if another system subscribes to the topic by itself`,
    ];
  });
  if (faults.length > 0) throw new ConfigurationError(faults);
}
