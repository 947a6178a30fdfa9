/** Returns a submission to the recipient `to`. Only the provider `provider` may send it. */
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
