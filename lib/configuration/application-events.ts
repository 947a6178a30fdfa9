import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { ConfigurationError } from './configuration-error.ts';
import type { Given } from './given.ts';

/** Options for the delivery of events to your application. */
export interface ApplicationEvents {
  /**
   * EventBridge bus, or a function that returns the bus, such as `(stack) => EventBus.fromEventBusName(stack, 'Bus', 'default')`.
   * The bus gets each delivery event, and an event for each dead letter. Their source is `mailover`, and their detail type is the
   * field `type`. EventBridge then reads the events queue, so no program of yours may read this queue.
   * @default - none: a program of yours can read the events queue
   */
  readonly bus?: Given<IEventBus>;
  /**
   * URL to which each delivery event is posted, and an event for each dead letter. The posts are signed as the Standard Webhooks
   * specification describes. The URL must use https; http is allowed only for the hosts `localhost`, `127.0.0.1` and `[::1]`. The
   * template contains the URL, so the URL must contain no secret. `url` and `bus` cannot be used together.
   * @default - none: a program of yours can read the events queue
   */
  readonly url?: string;
  /**
   * Whether a program of yours reads the events queue. If true, the alarm EventsUnread is raised when an event has been on the
   * queue for an hour. With `bus` or `url` this alarm exists too, even if `consumed` is false.
   * @default false
   */
  readonly consumed?: boolean;
}

/** @throws ConfigurationError if both `bus` and `url` are given, or if the URL is not allowed */
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
    return 'has a user name or password, which would be in the template; remove it, and verify the signature of the posts instead';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname))) return undefined;
  return `begins with ${url.protocol}//; it must be https, since the events contain addresses of recipients`;
}
