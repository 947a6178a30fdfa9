/**
 * Calls the API of this server, and resolves with the parsed answer. If the API answers with an error, rejects with the error
 * text of the answer.
 */
export async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  const answer = text === '' ? undefined : JSON.parse(text);
  if (!response.ok) throw new Error(answer?.error ?? `${path} answered ${response.status}`);
  return answer;
}

export const get = (path) => call('GET', path);
