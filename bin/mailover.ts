import type { RouteConfig } from '../lambda/contract/routes.ts';
import type { ProviderList } from '../lambda/providers/registry.ts';
import { synthesise } from '../lib/app.ts';
import type { MonitoringProps } from '../lib/monitoring/monitoring.ts';

/**
 * Canaries are test mails. They prove that a provider can send, or that it can receive at a subdomain of which it is the
 * only MX. The first one is sent after this time, and an alarm is raised when none has returned for twice as long; half
 * an hour suits mail that people wait for.
 */
const canaryTo = (domain: string) => ({ to: `canary@${domain}`, from: 'canary@example.com', everyMinutes: 240 });

/**
 * The providers in order of preference; each is tried if those above it did not accept the mail.
 *
 * Providers with a look-up (Postmark, Mailgun) come before those without (SES, SMTP): after a lost answer
 * the mail is found instead of sent twice.
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
  // A new server of your own, which first has to build a reputation: it is tried first for one mail in a hundred.
  {
    key: 'own-mta',
    type: 'smtp',
    share: 0.01,
    // Its delivery reports come back as received mail.
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
 * Targets of the alarms. The stage `live` requires one that they reach even if no mail goes out, such as
 * `page: [new UrlSubscription('https://pager.example.com/mailover')]`, from aws-cdk-lib/aws-sns-subscriptions.
 */
const monitoring: MonitoringProps = {};

await synthesise({
  providers,
  routes,
  monitoring,
  // No mail is delivered until this is 'live', with the id of the account that may do so: account: '123456789012'.
  stage: 'sandbox',
});
