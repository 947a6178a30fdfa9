import { expect, it } from 'vitest';
import type { Provider } from '../../../lambda/providers/provider.ts';
import { closedUrl, startServer, verbatim } from '../../support/local-server.ts';
import { attemptOf } from './attempt.ts';
import type { HttpFixture } from './fixtures.ts';
import type { GivenServer } from './given-server.ts';
import { LOST } from './lost-answers.ts';

/**
 * Defines the tests of a provider that takes messages as MIME over HTTP. `suppressed` is an answer that refuses a message since one
 * of its recipients is suppressed, and does not name this recipient.
 */
export function mimeProviderTests({
  provider,
  server,
  suppressed,
}: {
  readonly provider: (endpoint?: string) => Provider;
  readonly server: GivenServer;
  readonly suppressed: HttpFixture | undefined;
}): void {
  it.each(LOST)('$name', async ({ answer, reason }) => {
    server.answer = answer;
    const one = provider();
    const count = server.received.length;
    expect((await one.send(attemptOf())).outcome).toMatchObject({ kind: 'unknown', reason });
    expect(server.received.length - count).toBe(1);
    one.close?.();
  });

  it('a reset while the message is being written is unknown, and not tried again', async () => {
    const broken = await startServer(
      () => {},
      (request) => {
        request.socket.resetAndDestroy();
        return true;
      },
    );
    const mime = async () => Buffer.alloc(8_000_000, 'x');
    const { outcome } = await provider(broken.url).send(attemptOf({ attempt: { mime, deadlineMs: 5000 } }));
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'connection-lost' });
    expect(broken.connections()).toBe(1);
    await broken.close();
  });

  it('a refusal that names none of several recipients is taken apart', async () => {
    if (!suppressed) throw new Error('there is no such fixture');
    server.answer = verbatim(suppressed.status, suppressed.headers, suppressed.body);
    const count = server.received.length;
    // The code makes several calls one after the other, and a busy machine may delay each call.
    const { outcome, recipients } = await provider().send(attemptOf({ attempt: { deadlineMs: 20_000 } }));
    const calls = 2 * attemptOf().recipients.length - 1;
    expect(server.received.length - count).toBe(calls);
    expect([outcome, ...(recipients?.values() ?? [])]).toEqual(
      attemptOf().recipients.map(() => expect.objectContaining({ kind: 'refused', reason: 'suppressed' })),
    );
  });

  it('a closed port: nothing was sent', async () => {
    const { outcome } = await provider(await closedUrl()).send(attemptOf());
    expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'connection-refused' });
  });

  it('a 400 whose words are cut off is no opinion about the message', async () => {
    server.answer = (response, _, socket) => {
      response.writeHead(400, { 'content-length': '100' });
      response.write('{"mess', () => socket.destroy());
    };
    const { outcome } = await provider().send(attemptOf());
    expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'answer-cut' });
  });
}
