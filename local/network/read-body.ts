import type { IncomingMessage } from 'node:http';

/**
 * Returns the body of a request, or undefined if the body has more than `most` bytes. The function reads even a body that is too
 * large to its end, since the client could otherwise not read the answer.
 */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= most) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size <= most ? Buffer.concat(chunks) : undefined;
}
