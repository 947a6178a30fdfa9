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
    meanwhile:
      'Mail waits on the queues: no provider accepts mail, or the sender does not send it fast enough. Waiting mail is not lost, but it can expire.',
    action: 'Look at the alarm NoProviderLeft first, then at the errors of the sender function.',
    ...any(alarms.filter(({ effectOnRoute }) => effectOnRoute === 'stopped')),
  });
  monitoring.composite({
    title: 'NoProviderLeft',
    severity: 'page',
    meanwhile:
      'No provider gets or accepts mail: each provider refuses our account, has an open circuit breaker, or is isolated. Mail waits in the retry queues for up to four days, or until it expires.',
    action:
      'Repair one provider. The quickest repair is usually to write a new key, to pay a bill, or to end an isolation (npm run release).',
    rule: providers.map((provider) => `(${any(closed(provider)).rule})`).join(' AND '),
    watches: providers.flatMap(closed),
  });
  monitoring.composite({
    title: 'OneWayBroken',
    meanwhile:
      'At least one provider fails, gets no mail, or does not answer the health check. Mail goes through the providers that still work.',
    action:
      'Find the provider in the names of the other raised alarms. Check that the working providers can send all of the mail.',
    ...any(alarms.filter(({ effectOnRoute }) => effectOnRoute === 'closed' || effectOnRoute === 'failing')),
  });
}

function any(watches: readonly NamedAlarm[]): { readonly rule: string; readonly watches: readonly NamedAlarm[] } {
  // The rule refers to alarms by their names, which are known at synth, and not by their ARNs. So the rule is readable, and stays
  // shorter than CloudWatch's limit of 10,240 characters.
  return { rule: watches.map(({ name }) => `ALARM("${name}")`).join(' OR '), watches };
}
