/** Longest mail that is fetched from a provider, in bytes; more than any provider here accepts. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The decompressed body of an answer; undefined for one that is longer than any mail, before it fills the memory. */
export async function readBounded(response: Response): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    // Leaving the loop cancels the rest of the body.
    if (length > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
