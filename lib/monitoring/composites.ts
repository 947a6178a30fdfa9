import type { Monitoring, NamedAlarm } from './monitoring.ts';

/**
 * Registers the composite alarms: a ticket if at least one provider is broken, a page if no provider is left, and a page if mail
 * has stopped. `providers` has the keys of all sending providers.
 */
export function watchWhole(monitoring: Monitoring, providers: readonly string[]): void {
  const alarms = [...monitoring.alarms];
  const closed = (provider: string) =>
    alarms.filter((one) => one.provider === provider && one.effectOnRoute === 'closed');
  monitoring.composite({
    title: 'MailStopped',
    severity: 'page',
    meanwhile: 'Mail has stopped: messages wait and none is accepted. Nothing is lost yet.',
    action: 'Look at NoProviderLeft first, then at the errors of the sender.',
    ...any(alarms.filter(({ effectOnRoute }) => effectOnRoute === 'stopped')),
  });
  monitoring.composite({
    title: 'NoProviderLeft',
    severity: 'page',
    meanwhile: 'No provider is left: mail waits in the retry queues for up to four days, or until it expires.',
    action: 'Repair any one of them; the quickest is usually a key, a payment, or a forgotten switch.',
    rule: providers.map((provider) => `(${any(closed(provider)).rule})`).join(' AND '),
    watches: providers.flatMap(closed),
  });
  monitoring.composite({
    title: 'OneWayBroken',
    meanwhile: 'One provider is broken. Mail goes through the others, and users notice nothing.',
    action: 'See which provider it is; check that the others have room for all of the mail.',
    ...any(alarms.filter(({ effectOnRoute }) => effectOnRoute === 'closed' || effectOnRoute === 'failing')),
  });
}

function any(watches: readonly NamedAlarm[]): { readonly rule: string; readonly watches: readonly NamedAlarm[] } {
  // The rule refers to alarms by their names, which are known at synth, and not by their ARNs. So the rule is readable, and stays
  // shorter than CloudWatch's limit of 10,240 characters.
  return { rule: watches.map(({ name }) => `ALARM("${name}")`).join(' OR '), watches };
}
