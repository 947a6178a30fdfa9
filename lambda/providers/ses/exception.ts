/**
 * Returns the name and the message of an exception. The name is read from the answer if possible, since the SDK reports an
 * unknown exception as `Unknown`, and a body that is not JSON as `SyntaxError`.
 */
export function exceptionOf(error: unknown): { name?: string; words?: string } {
  const { name, message, __type, code, $response } = error as Error & {
    __type?: unknown;
    code?: unknown;
    $response?: { headers?: Record<string, string>; body?: unknown };
  };
  const given = $response?.headers?.['x-amzn-errortype'] ?? __type ?? ($response ? code : undefined);
  const body = $response?.body;
  return {
    name: typeof given === 'string' ? bare(given) : name,
    words: name === 'SyntaxError' && typeof body === 'string' ? body : message,
  };
}

/** Returns the name without namespace and URL: `MessageRejected` for `com.amazonaws.sesv2#MessageRejected:http://…`. */
function bare(type: string): string {
  return (type.split(':')[0] ?? '').split('#').at(-1) ?? '';
}
