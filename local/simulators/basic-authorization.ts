/** Returns the value of the header `Authorization` for basic authentication (RFC 7617). */
export function basicAuthorization(username = '', password = ''): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
