/** Largest size of a mail that is fetched from a provider, in bytes. No supported provider accepts a mail of this size. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads the body of an HTTP answer; the body may have been compressed. Returns undefined if the decompressed body is larger than
 * `MAX_BYTES`, since such a body could fill the memory.
 */
export async function readBounded(response: Response): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    // The return leaves the loop, which cancels reading the rest of the body.
    if (length > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
