/** Calls the API of this server. If the API answers with an error, rejects with the message of the error. */
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
