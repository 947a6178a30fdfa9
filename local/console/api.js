/** Calls the API of this server; rejects with the message of an error answer. */
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
