/** Returns the value of an Authorization header for basic authentication (RFC 7617). */
export function basicAuthorization(username = '', password = ''): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
