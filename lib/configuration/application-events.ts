import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { ConfigurationError } from './configuration-error.ts';
import type { Given } from './given.ts';

/** Options for the delivery of events to your application. */
export interface ApplicationEvents {
  /**
   * EventBridge bus, or a function that returns the bus, such as `(stack) => EventBus.fromEventBusName(stack, 'Bus', 'default')`.
   * The bus gets each delivery event and each dead letter, with the source `mailover` and the field `type` as detail type.
   * EventBridge then reads the events queue, so no program of yours should read it.
   * @default - none: a program reads the events queue
   */
  readonly bus?: Given<IEventBus>;
  /**
   * URL to which each delivery event and each dead letter is posted. The posts are signed as the Standard Webhooks specification
   * describes. The URL must use https; http is allowed only for an address of this machine. The URL must contain nothing secret,
   * since the template shows it. `url` and `bus` exclude each other.
   * @default - none: a program reads the events queue
   */
  readonly url?: string;
  /**
   * Whether a program reads the events queue. If so, an unread event is a fault, and raises the alarm EventsUnread. With `bus` or
   * `url` an unread event is always a fault.
   * @default false
   */
  readonly consumed?: boolean;
}

/** @throws ConfigurationError if both are given, or the URL is not allowed */
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
