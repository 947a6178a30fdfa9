/** A submission to one recipient that only one provider may send. */
export function mailBy(provider: string, id: string, to: string) {
  return {
    version: 1,
    id,
    from: 'shop@example.com',
    to: [to],
    subject: 'Hello',
    text: 'Hello',
    providers: { only: [provider] },
  };
}
