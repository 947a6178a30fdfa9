import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Stage } from '../lambda/contract/deployment.ts';
import { checkConfiguration } from './check-configuration.ts';
import { deploymentName } from './configuration/deployment-name.ts';
import { given } from './configuration/given.ts';
import { warnOfOneProvider } from './configuration/one-provider-domains.ts';
import { providerLists } from './configuration/provider-lists.ts';
import { releasesOf } from './configuration/releases.ts';
import { retryConcurrencyOf } from './configuration/retry-concurrency.ts';
import { notDelivered, stageOf } from './configuration/stage.ts';
import { deleteWithStack } from './configuration/throw-away.ts';
import { timing } from './configuration/timing.ts';
import { unsubscribableClasses } from './configuration/unsubscribe-links.ts';
import { withOptions } from './configuration/validate-providers.ts';
import { addEventFunctions } from './delivery-events.ts';
import { DailyCountFunction } from './functions/daily-count.ts';
import type { EventsFunction } from './functions/events.ts';
import { forwardEvents } from './functions/forward-events.ts';
import { HealthFunction } from './functions/health.ts';
import { InboundFunction } from './functions/inbound.ts';
import type { MirrorFunction } from './functions/mirror.ts';
import { networkOf } from './functions/network.ts';
import { publishEvents, withEventSet } from './functions/published-events.ts';
import { ReconcilerFunction } from './functions/reconciler.ts';
import { SenderFunction } from './functions/sender.ts';
import type { SesEvents } from './functions/ses-events.ts';
import { unsubscribeBase } from './functions/unsubscribe.ts';
import { WebhookApi } from './functions/webhook-api.ts';
import { GradualReleases } from './gradual-releases.ts';
import type { MailoverProps } from './mailover-props.ts';
import { watchApplicationEvents } from './monitoring/application-events-alarms.ts';
import { watchMxCanaries } from './monitoring/canary-alarms.ts';
import { watchClasses } from './monitoring/class-alarms.ts';
import { watchDailyCount } from './monitoring/daily-count-alarms.ts';
import { watchHealth } from './monitoring/health-alarms.ts';
import { watchInbound } from './monitoring/inbound-alarms.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { watchReconciler } from './monitoring/reconciler-alarms.ts';
import { completeMonitoring, watchMail } from './monitoring/watch-mail.ts';
import { encryptDeployment } from './storage/encryption.ts';
import { ListsTable } from './storage/lists-table.ts';
import { MailBucket, SUBMISSIONS } from './storage/mail-bucket.ts';
import { ProofKey } from './storage/proof-key.ts';
import { Queues } from './storage/queues.ts';
import type { SigningKey } from './storage/signing-key.ts';
import { StateTable } from './storage/state-table.ts';
import { SuppressionKey } from './storage/suppression-key.ts';

/**
 * Sends mail through several providers, so that the failure of a single provider does not stop the mail.
 *
 * @example
 * const mailover = new Mailover(stack, 'Mailover', {
 * providers: [{ key: 'postmark', type: 'postmark', options: {} }],
 * stage: 'live',
 * account: '123456789012',
 * monitoring: { page: [new UrlSubscription('https://pager.example.com/mailover')] },
 * });
 * mailover.grantSubmit(shop);
 */
export class Mailover extends Construct {
  /** The queues for outbound mail, events and received mail. Programs send the mail that they submit to the outbound queue. */
  readonly queues: Queues;
  /** The bucket for content that is larger than a queue message. */
  readonly mailBucket: IBucket;
  readonly stateTable: ITable;
  /** Secret key of the signatures (proofs) on messages that Mailover itself puts on its queues. */
  readonly proofKey: ProofKey;
  /** Secret key of the suppression list; undefined if no provider has `events` and no class of mail has `unsubscribe`. */
  readonly suppressionKey: SuppressionKey | undefined;
  /** Secret key that signs the events that are posted to the application; undefined without `events.url`. */
  readonly signingKey: SigningKey | undefined;
  readonly sender: SenderFunction;
  readonly health: HealthFunction;
  /** The function that counts all submissions once a day, and finds lost submissions. */
  readonly dailyCount: DailyCountFunction;
  /**
   * The HTTP API for the posts of providers and for links to unsubscribe. Undefined if no provider receives mail, no provider
   * posts or publishes delivery events, and no class of mail has `unsubscribe`.
   */
  readonly api: WebhookApi | undefined;
  readonly listsTable: ListsTable;
  /** Topic and queue of each provider that publishes its delivery events through SNS, by provider key. */
  readonly published: ReadonlyMap<string, SesEvents>;
  /** The function that receives delivery events; undefined if no provider posts or publishes delivery events. */
  readonly events: EventsFunction | undefined;
  /**
   * The function that keeps the suppression list equal to the providers' own lists. Undefined if no provider posts or publishes
   * delivery events, and no class of mail has `unsubscribe`.
   */
  readonly mirror: MirrorFunction | undefined;
  /** The function that receives mail; undefined if no provider receives mail. */
  readonly inbound: InboundFunction | undefined;
  /**
   * The function that asks providers for received mail that did not arrive; undefined if no receiving provider has an API that
   * lists received mail.
   */
  readonly reconciler: ReconcilerFunction | undefined;
  readonly stage: Stage;
  /** Registry of all alarms. Your own constructs can also register alarms here. */
  readonly monitoring: Monitoring;

  /**
   * @throws ConfigurationError if the configuration has faults. The error names all faults that `checkConfiguration` finds.
   * Faults of the deadlines, the VPC and the size of environment variables are found later; then the error names only the first
   * fault
   */
  constructor(scope: Construct, id: string, props: MailoverProps) {
    super(scope, id);
    const { routes = [] } = props;
    const stage = stageOf(this, props);
    const configured = withOptions(props.providers);
    checkConfiguration(this, props, configured, stage);
    const key = given(this, props.encryptionKey);
    encryptDeployment(this, key);
    const name = deploymentName(this);
    const { sending, watched, receiving, reconciled, inboundCanaries, receiptRule, reporting, reportedByMail } =
      providerLists(configured, name);
    this.published = publishEvents(this, reporting, sending);
    const { published } = this;
    const providers = sending.map((one) => withEventSet(one, published.get(one.key)));
    const durations = timing(providers);
    this.monitoring = new Monitoring(this, 'Monitoring', props.monitoring);
    const warning = notDelivered(stage);
    if (warning) this.monitoring.row(warning, [], 'first');
    this.stage = stage;
    this.mailBucket =
      (given(this, props.mailBucket) as IBucket | undefined) ??
      (new MailBucket(this, 'MailBucket', props.mailExpiration) as IBucket);
    this.stateTable =
      (given(this, props.stateTable) as ITable | undefined) ??
      (new StateTable(this, 'StateTable', props.throwAway) as ITable);
    this.listsTable = new ListsTable(this, 'ListsTable', props.throwAway);
    const keys = [key, this.mailBucket.encryptionKey, this.stateTable.encryptionKey].filter((one) => one !== undefined);
    const common = {
      network: networkOf(this, given(this, props.vpc) as IVpc | undefined, props.vpcSubnets, configured),
      keys: [...new Set(keys)],
      releases: releasesOf(props.releases, stage),
      deployment: {
        name,
        stage,
        redirectTo: stage === 'redirect' ? props.redirectTo : undefined,
        monitoringSize: this.monitoring.size === 'full' ? undefined : this.monitoring.size,
      },
      logRetention: props.logRetention ?? RetentionDays.THREE_MONTHS,
    };
    const forwardsEvents = props.events?.bus ? 'bus' : props.events?.url === undefined ? undefined : 'url';
    this.queues = new Queues(this, 'Queues', {
      keys: providers.map(({ key }) => key),
      timing: durations,
      receives: receiving.length > 0,
      forwardsEvents,
    });
    this.signingKey = forwardEvents(this, this.queues.events, props.events, common);
    this.proofKey = new ProofKey(this, 'ProofKey');
    const unsubscribable = unsubscribableClasses(routes);
    const classesPause = reporting.length > 0;
    this.suppressionKey =
      reporting.length + reportedByMail.length + unsubscribable.length > 0
        ? new SuppressionKey(this, 'SuppressionKey')
        : undefined;
    const { inbound: queue } = this.queues;
    this.api =
      queue || reporting.length + unsubscribable.length > 0
        ? new WebhookApi(this, 'Webhooks', { logRetention: common.logRetention })
        : undefined;
    this.sender = new SenderFunction(this, 'Sender', {
      ...common,
      providers,
      routes,
      queues: this.queues,
      mailBucket: this.mailBucket,
      stateTable: this.stateTable,
      proofKey: this.proofKey,
      suppressionKey: this.suppressionKey,
      listsTable: this.listsTable,
      deadLetterEvents: forwardsEvents !== undefined,
      classesPause,
      unsubscribeUrl: unsubscribeBase(unsubscribable, this.api, props),
      timing: durations,
      memorySize: props.senderMemory ?? 512,
      outboundConcurrency: props.outboundConcurrency ?? 50,
      retryConcurrency: props.retryConcurrency ?? retryConcurrencyOf(providers),
      straightLogShare: props.straightLogShare ?? 1,
    });
    watchMail(this.monitoring, {
      providers,
      queues: this.queues,
      sender: this.sender.function,
      timing: durations,
      thresholds: props.monitoring ?? {},
    });
    watchClasses(this.monitoring, routes);
    watchApplicationEvents(this.monitoring, this.queues, props.events);
    this.health = new HealthFunction(this, 'Health', {
      ...common,
      providers: watched,
      inboundCanaries,
      proofKey: this.proofKey,
      queues: this.queues,
      stateTable: this.stateTable,
      routes,
      reporting,
      listsTable: classesPause ? this.listsTable : undefined,
    });
    watchHealth(this.monitoring, { providers: watched, function: this.health.function, classesPause });
    this.dailyCount = new DailyCountFunction(this, 'DailyCount', { ...common, stateTable: this.stateTable });
    watchDailyCount(this.monitoring, this.dailyCount.function);
    this.inbound =
      queue &&
      this.api &&
      new InboundFunction(this, 'Inbound', {
        ...common,
        providers: receiving,
        queue,
        receiptRule,
        mailBucket: this.mailBucket,
        stateTable: this.stateTable,
        api: this.api,
        memorySize: props.inboundMemory ?? 1024,
        rate: props.inboundRate ?? 100,
        reports:
          this.suppressionKey && reportedByMail.length > 0
            ? {
                providers: reportedByMail,
                queue: this.queues.events,
                listsTable: this.listsTable,
                suppressionKey: this.suppressionKey,
              }
            : undefined,
      });
    if (queue && reconciled.length > 0) {
      this.reconciler = new ReconcilerFunction(this, 'Reconciler', {
        ...common,
        providers: reconciled,
        queue,
        mailBucket: this.mailBucket,
        stateTable: this.stateTable,
        memorySize: props.inboundMemory ?? 1024,
      });
      const asked = reconciled.map(({ key }) => key);
      watchReconciler(this.monitoring, asked);
    }
    if (queue && this.inbound) {
      watchInbound(this.monitoring, { providers: receiving, inbound: this.inbound, queue });
      watchMxCanaries(this.monitoring, inboundCanaries);
    }
    ({ events: this.events, mirror: this.mirror } = addEventFunctions(this, this.monitoring, {
      ...common,
      providers,
      reporting,
      published,
      routes,
      queue: this.queues.events,
      stateTable: this.stateTable,
      listsTable: this.listsTable,
      suppressionKey: this.suppressionKey,
      api: this.api,
      concurrency: props.eventsConcurrency ?? (stage === 'live' ? 20 : undefined),
      rates: props,
    }));
    completeMonitoring(this.monitoring, { providers, queues: this.queues, logGroup: this.sender.logGroup });
    if (common.releases === 'gradual')
      new GradualReleases(this, 'Releases', this.monitoring.alarms, {
        Sender: this.sender.alias,
        Inbound: this.inbound?.alias,
        Events: this.events?.alias,
      });
    warnOfOneProvider(this, providers);
    if (props.throwAway) deleteWithStack(this);
  }

  /**
   * Grants a program access to the events queue.
   *
   * @throws Error if the stack itself reads the events queue, to forward the events to an event bus or a URL
   */
  grantEvents(consumer: IGrantable): void {
    if (this.queues.undelivered)
      throw new Error(
        '`events` has a bus or a url, to which every message of the events queue is delivered: read the events there',
      );
    this.queues.events.grantConsumeMessages(consumer);
  }

  /**
   * Grants a program access to the inbound queue and to received mail in the mail bucket.
   *
   * @throws Error if no provider receives mail
   */
  grantReceive(consumer: IGrantable): void {
    if (this.queues.inbound === undefined) throw new Error('no provider has `inbound`, so there is no mail to receive');
    this.queues.inbound.grantConsumeMessages(consumer);
    this.mailBucket.grantRead(consumer, 'inbound/*');
  }

  /** Grants a program that submits mail access to the outbound queue, and to the mail bucket under `submissions/`. */
  grantSubmit(producer: IGrantable): void {
    this.queues.outbound.grantSendMessages(producer);
    this.mailBucket.grantPut(producer, `${SUBMISSIONS}*`);
  }
}
