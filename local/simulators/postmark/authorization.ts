/** Basic authentication with the user name and password of a webhook. */
export function basicAuthorization(username = '', password = ''): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
