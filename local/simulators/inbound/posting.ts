import type { SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import type { WireBody } from './form.ts';
import type { ReceivedMail } from './received-mail.ts';

type Secret = Readonly<Record<string, string>>;

/**
 * Data for a program that posts mail or events in the role of a provider: the paths at the local HTTP API, and the keys that were
 * generated at this start of the stack.
 */
export interface InboundRoute {
  readonly path?: string;
  /**
   * URL to which a raw mail can be posted, with `?from=…&to=…` for the envelope. Only a provider that does not post received mail
   * over HTTP has this URL.
   */
  readonly url?: string;
  /** Further paths, keys and passwords. Their names depend on the provider type. */
  readonly [name: string]: string | undefined;
}

/** Options of one mail that a simulated provider receives. */
export interface ReceiveOptions {
  /**
   * Form in which the provider posts the mail: one of the forms of the provider type.
   * @default - the first form of the provider type
   */
  readonly form?: string;
  /** Whether the post is signed with the previous key or password, as before a rotation. @default false */
  readonly previous?: boolean;
  /** Age of the signature in seconds. It has an effect only if signatures of this provider type contain a time. @default 0 */
  readonly ageSeconds?: number;
  /**
   * `blocked`: a rule at the provider blocks the mail, and the provider does not post it. `lost`: the provider posts the mail to
   * a wrong URL, which answers 200.
   * @default - the mail is posted
   */
  readonly hold?: 'blocked' | 'lost';
}

/** State of a received mail at the simulated provider. */
export type ReceptionStatus = 'scheduled' | 'processed' | 'failed' | 'blocked';

/** One attempt of a provider to post a received mail to the local HTTP API. */
export interface Try {
  readonly at: string;
  /** HTTP status of the answer; absent if there was no answer. */
  readonly status?: number;
  readonly error?: string;
  /** Time from the request to the answer, in milliseconds. */
  readonly ms: number;
}

/** A mail that a provider has received, with all attempts to post it. */
export interface Received {
  /** Id that the provider has given to the mail. */
  readonly id: string;
  readonly at: number;
  readonly mail: ReceivedMail;
  readonly options: ReceiveOptions;
  readonly tries: Try[];
  status: ReceptionStatus;
}

/** The mails that one provider has received. */
export interface Receptions {
  /** Returns all stored mails, the oldest mail first. */
  list(): readonly Received[];
  get(id: string): Received | undefined;
  /** Returns the URL of a stored mail in the provider's API. */
  messageUrl(id: string): string;
  /** Posts a mail again. The schedule of retries then starts from its beginning. */
  repeat(received: Received): void;
}

/** A request that a provider posts to the local HTTP API. */
export interface PostedRequest extends WireBody {
  readonly path: string;
  /** Headers in addition to Content-Type. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Content of a test file with a recorded request of a provider. */
export type Payload = Readonly<Record<string, unknown>>;

/**
 * Simulation of the posts of one provider type, according to the provider's documentation. Every provider type that posts
 * received mail over HTTP has such an object.
 */
export interface PostingType {
  /** Forms in which the provider type posts a mail. The first form is the default. */
  readonly forms: readonly [string, ...string[]];
  /**
   * `minutes`: pauses before the second and each further attempt to post a mail. `stop`: HTTP status after which the provider
   * does not post the mail again.
   */
  readonly retries: { readonly minutes: readonly number[]; readonly stop: number };
  /** Returns a new id for a mail that the provider has just received. */
  newId(): string;
  /**
   * Returns the paths and credentials for the posts of this provider type. `path` is the path at the local HTTP API, and `secret`
   * is the secret for received mail.
   */
  route(path: string, secret: Secret): InboundRoute;
  /** Returns the path of a stored mail in the provider's API. */
  messagePath(id: string): string;
  /** Returns the request that posts a received mail. `messageUrl` is the URL of the stored mail in the provider's API. */
  post(received: Received, route: InboundRoute, messageUrl: string): PostedRequest;
  /**
   * Returns the recorded request in a test file, with the current credentials, and the recipients of the mail. Returns undefined
   * for a test file of another provider type.
   */
  replay(payload: Payload, route: InboundRoute): (PostedRequest & { readonly to: readonly string[] }) | undefined;
  /**
   * Returns the domains for which the account receives mail, if `missed` lists them. `missed` contains the options with which the
   * deployed code asks the provider for mail whose post was lost.
   */
  domains?(missed: object): readonly string[];
  /** Returns the options of an account that only receives mail, derived from the options `missed`. */
  accountOptions(missed: object): object;
  /** The provider's API with which a customer queries received mail. */
  readonly api: {
    /** Returns the key that requests to this API need. It is in the secret for received mail, or in the secret of the account. */
    keyIn(received: Secret, account: Secret): string;
    /** Whether a path belongs to this API. */
    isFor(path: string): boolean;
    /** Answers a request about received mail. Returns undefined for any other request, and for a request with a wrong key. */
    answer(request: SimulatorRequest, access: ReceivingAccess): SimulatorAnswer | undefined;
  };
}

/** Data that the simulated API about received mail needs: the received mails, the API key and the time scale. */
export interface ReceivingAccess {
  readonly receiving: Receptions;
  readonly apiKey: string;
  readonly timeScale: number;
}
