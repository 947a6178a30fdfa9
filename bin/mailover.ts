import type { RouteConfig } from '../lambda/contract/routes.ts';
import type { ProviderList } from '../lambda/providers/registry.ts';
import { synthesise } from '../lib/app.ts';
import type { MonitoringProps } from '../lib/monitoring/monitoring.ts';

/**
 * Canaries are test mails. A canary proves that a provider can send, or that a provider can receive mail for a subdomain whose
 * only MX is this provider. The first canary is sent `everyMinutes` after the deployment. An alarm is raised when two canaries in
 * a row are missing. For mail that people wait for, use a value such as 30 minutes.
 */
const canaryTo = (domain: string) => ({ to: `canary@${domain}`, from: 'canary@example.com', everyMinutes: 240 });

/**
 * The providers in order of preference: a provider is tried if the providers above it did not accept the mail.
 *
 * Postmark and Mailgun can be asked whether they accepted a mail. SES and SMTP servers cannot be asked, so they come last. If the
 * answer of Postmark or Mailgun to a mail is lost, Mailover asks the provider, and does not send the mail twice.
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
  // A new SMTP server of your own must gain a reputation first. Therefore it is the first choice for only one mail in a hundred.
  {
    key: 'own-mta',
    type: 'smtp',
    share: 0.01,
    // The server reports bounces by mail, which one of the receiving providers above receives.
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
 * Targets of the alarms. The stage `live` requires a target that does not depend on mail, such as
 * `page: [new UrlSubscription('https://pager.example.com/mailover')]`, from aws-cdk-lib/aws-sns-subscriptions.
 */
const monitoring: MonitoringProps = {};

await synthesise({
  providers,
  routes,
  monitoring,
  // In the stage 'sandbox' no mail is delivered. The stage 'live' delivers mail, and also needs the id of the AWS account that
  // may deliver mail: account: '123456789012'.
  stage: 'sandbox',
});
