import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { ConfigurationError } from './configuration-error.ts';
import type { Given } from './given.ts';

/** How applications get delivery events. */
export interface ApplicationEvents {
  /**
   * EventBridge bus, or a function that names it in the stack, such as `(stack) => EventBus.fromEventBusName(stack, 'Bus', 'default')`: it gets each delivery event and dead letter, with the source `mailover` and its `type` as detail type. It then reads the
   * events queue in place of a program of yours.
   * @default - none: a program reads the events queue
   */
  readonly bus?: Given<IEventBus>;
  /**
   * Address that each delivery event and dead letter is posted to, signed by the Standard Webhooks specification; https, or http of this
   * machine. The address must contain nothing secret, since the template shows it. Not together with `bus`.
   * @default - none: a program reads the events queue
   */
  readonly url?: string;
  /**
   * Whether a program reads the events queue, so that an unread event is a fault: the alarm EventsUnread. With `bus` or `url` an unread event is always a fault.
   * @default false
   */
  readonly consumed?: boolean;
}

/** @throws ConfigurationError */
export function checkApplicationEvents({ bus, url }: ApplicationEvents = {}): void {
  if (url === undefined) return;
  const problem = bus === undefined ? urlProblem(url) : 'cannot be given together with `bus`; choose one of them';
  if (problem !== undefined) throw new ConfigurationError([`events.url: ${problem}`]);
}

const LOOPBACK = /^(127\.0\.0\.1|\[::1\]|localhost)$/;

function urlProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return 'is not a URL; it must be like https://example.com/mail-events';
  if (url.username !== '' || url.password !== '')
    return 'has a user name or password, which would be in the template; verify the signature instead';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname))) return undefined;
  return `begins with ${url.protocol}//; it must be https, so that addresses are encrypted on their way`;
}
