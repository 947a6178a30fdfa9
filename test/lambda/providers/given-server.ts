import { afterAll, beforeAll } from 'vitest';
import { type Answer, type Received, startServer } from '../../support/local-server.ts';

/** A server for all tests of a file or of a `describe`. Each test sets the answer to the requests that follow. */
export interface GivenServer {
  answer: Answer;
  readonly url: string;
  readonly received: readonly Received[];
  /** Number of connections that the server has accepted. */
  connections(): number;
}

/** Starts a server before the tests, and closes it after them. */
export function givenServer(answer: Answer = () => {}): GivenServer {
  let server: Awaited<ReturnType<typeof startServer>>;
  const given: GivenServer = {
    answer,
    get url() {
      return server.url;
    },
    get received() {
      return server.received;
    },
    connections: () => server.connections(),
  };
  beforeAll(async () => {
    server = await startServer((...all) => given.answer(...all));
  });
  afterAll(() => server.close());
  return given;
}
