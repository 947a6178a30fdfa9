import type { RouteConfig } from '../lambda/contract/routes.ts';
import type { ProviderList } from '../lambda/providers/registry.ts';
import { synthesise } from '../lib/app.ts';
import type { MonitoringProps } from '../lib/monitoring/monitoring.ts';

/**
 * Canaries are test mails. A canary proves that a provider can send, or that a provider can receive mail for a subdomain for
 * which it is the only MX. The first canary is sent `everyMinutes` after the deployment. An alarm is raised when no canary has
 * returned for twice this time. A value of 30 minutes is right for mail that people wait for.
 */
const canaryTo = (domain: string) => ({ to: `canary@${domain}`, from: 'canary@example.com', everyMinutes: 240 });

/**
 * The providers in order of preference: a provider is tried if the providers above it did not accept the mail.
 *
 * Providers that can be asked whether they have a mail (Postmark, Mailgun) come before providers that cannot be asked (SES,
 * SMTP). If the answer of a provider to a mail is lost, this question shows whether the mail was accepted, so the mail is not
 * sent twice.
 */
const providers: ProviderList = [
  {
    key: 'postmark',
    type: 'postmark',
    options: { messageStream: 'outbound' },
    events: true,
    canary: canaryTo('in.example.com'),
    inbound: { preference: 20, canary: canaryTo('postmark.in.example.com') },
  },
  {
    key: 'mailgun',
    type: 'mailgun',
    options: { domain: 'mg.example.com' },
    events: true,
    canary: canaryTo('in.example.com'),
    inbound: { domains: ['in.example.com'], preference: 10, canary: canaryTo('mailgun.in.example.com') },
  },
  {
    key: 'ses',
    type: 'ses',
    options: { identities: ['example.com', 'example.org', 'example.net'] },
    events: true,
    canary: canaryTo('in.example.com'),
    inbound: { recipients: ['in.example.com'], preference: 30, canary: canaryTo('ses.in.example.com') },
  },
  // A new SMTP server of your own, which first has to build a reputation: only one mail in a hundred is offered to it first.
  {
    key: 'own-mta',
    type: 'smtp',
    share: 0.01,
    // The reports of this server about bounces come back as received mail.
    events: true,
    canary: canaryTo('in.example.com'),
    options: { host: 'mta.example.com', clientName: 'mailover.example.com' },
  },
];

/**
 * Classes of mail with their own route, such as login codes that are useless after ten minutes:
 * `{ class: 'login-codes', providers: ['postmark', 'ses'], expiresAfterSeconds: 600, onUnknown: 'failover' }`.
 */
const routes: RouteConfig[] = [];

/**
 * Targets of the alarms. The stage `live` requires a target that alarms reach even if no mail goes out, such as
 * `page: [new UrlSubscription('https://pager.example.com/mailover')]`, from aws-cdk-lib/aws-sns-subscriptions.
 */
const monitoring: MonitoringProps = {};

await synthesise({
  providers,
  routes,
  monitoring,
  // No mail is delivered until the stage is 'live'. It then needs the id of the AWS account that may deliver mail:
  // account: '123456789012'.
  stage: 'sandbox',
});
