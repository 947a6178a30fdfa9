import { isAddress, isVerified } from '../mailbox-list.ts';
import type { OfferedMail, Personalization, SendgridError } from './mail.ts';

/** Headers that a request may not contain (docs.sendgrid.com/api-reference/mail-send/errors, 2026-11-28). */
const RESERVED = new Set(
  'x-sg-id x-sg-eid received dkim-signature content-type content-transfer-encoding to from subject reply-to cc bcc'.split(
    ' ',
  ),
);
const HELP = 'http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#message.';
const MAX_RECIPIENTS = 1000;
const MAX_ARGUMENTS = 10_000;

/**
 * Returns all errors of a request with SendGrid's error texts. The list is empty for a valid request. Sources: mail-send/errors
 * and mail-send/limitations of docs.sendgrid.com, and support article 34677918767131, 2026-11-28.
 */
export function errorsOf(mail: OfferedMail): readonly SendgridError[] {
  return [
    ...personalizationErrors(mail),
    ...fromErrors(mail),
    ...contentErrors(mail),
    ...attachmentErrors(mail),
    ...headerErrors(mail),
    ...labelErrors(mail),
  ];
}

/**
 * Returns an error if the account may not use the From address. SendGrid reports this error only if the request has no other
 * error.
 */
export function identityError({ from }: OfferedMail): SendgridError | undefined {
  if (from && isVerified(from.email)) return undefined;
  const message =
    'The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the Sender Identity requirements';
  return { message, field: 'from', help: null };
}

function error(field: string, message: string): SendgridError {
  return { message, field, help: HELP + field.replace(/\.\d+/g, '') };
}

function personalizationErrors({ personalizations }: OfferedMail): SendgridError[] {
  if (personalizations.length === 0)
    return [
      error('personalizations', 'The personalizations field is required and must have at least one personalization.'),
    ];
  if (personalizations.length > MAX_RECIPIENTS)
    return [
      error(
        'personalizations',
        `The personalization block is limited to 1000 personalizations per API request. You have provided ${personalizations.length} personalizations. Please consider splitting this into multiple requests and resending your request.`,
      ),
    ];
  const total = personalizations.reduce((sum, { to, cc, bcc }) => sum + to.length + cc.length + bcc.length, 0);
  return [
    ...(total > MAX_RECIPIENTS
      ? [error('personalizations', 'There is a limit of 1000 total recipients (to + cc + bcc) per request.')]
      : []),
    ...personalizations.flatMap(recipientErrors),
  ];
}

function recipientErrors(copy: Personalization, index: number): SendgridError[] {
  const at = `personalizations.${index}`;
  const errors: SendgridError[] = [];
  const seen = new Set<string>();
  if (copy.to.length === 0)
    errors.push(
      error(
        `${at}.to`,
        'The to array is required for all personalization objects, and must have at least one email object with a valid email address.',
      ),
    );
  for (const list of ['to', 'cc', 'bcc'] as const)
    for (const [place, { email }] of copy[list].entries()) {
      if (email.length > 320)
        errors.push(
          error(`${at}.${list}.${place}.email`, 'The email exceeds the maximum total length of 320 characters'),
        );
      else if (!isAddress(email))
        errors.push(error(`${at}.${list}.${place}.email`, 'Does not contain a valid address.'));
      if (seen.has(email.toLowerCase()))
        errors.push(
          error(
            at,
            `Each email address in the personalization block should be unique between to, cc, and bcc. We found the first duplicate instance of [${email}] in the ${at}.${list} field.`,
          ),
        );
      seen.add(email.toLowerCase());
    }
  return errors;
}

function fromErrors({ from, reply_to: one, reply_to_list: list }: OfferedMail): SendgridError[] {
  return [
    ...(from ? [] : [error('from', 'The from object must be provided for every email send.')]),
    ...(from && !isAddress(from.email)
      ? [error('from.email', 'The from email does not contain a valid address.')]
      : []),
    ...(one && list ? [error('reply_to', 'You can use either reply_to or reply_to_list, but not both.')] : []),
    ...[...(one ? [one] : []), ...(list ?? [])]
      .filter(({ email }) => !isAddress(email))
      .map(() => error('reply_to', 'The reply_to email does not contain a valid address.')),
  ];
}

function contentErrors({ subject, content, personalizations }: OfferedMail): SendgridError[] {
  const errors: SendgridError[] = [];
  if (!subject && !personalizations.every((one) => one.subject))
    errors.push(
      error(
        'subject',
        'The subject is required. You can get around this requirement if you use a template with a subject defined or if every personalization has a subject defined.',
      ),
    );
  if (!content || content.length === 0)
    errors.push(
      error(
        'content',
        'The content param is required unless you are using a transactional template and have defined a template_ID.',
      ),
    );
  const order = (content ?? [])
    .map(({ type }) => ['text/plain', 'text/html'].indexOf(type))
    .map((at) => (at < 0 ? 2 : at));
  if (order.some((kind, index) => kind < (order[index - 1] ?? 0)))
    errors.push(
      error(
        'content',
        'Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in your email: text/plain needs to be first, followed by text/html, followed by any other content.',
      ),
    );
  for (const [index, { type, value }] of (content ?? []).entries()) {
    if (value === '')
      errors.push(
        error(`content.${index}.value`, 'The content value must be a string at least one character in length.'),
      );
    // SendGrid refuses a content type with a semicolon, except `text/calendar; method=REQUEST` and similar types
    // (sendgrid/sendgrid-ruby#298, 2026-11-28).
    if (/[;,\r\n]/.test(type) && !/^text\/calendar; method=[A-Z-]+$/i.test(type))
      errors.push(error(`content.${index}.type`, "Cannot contain ';', or CRLF characters."));
  }
  return errors;
}

function attachmentErrors({ attachments }: OfferedMail): SendgridError[] {
  return attachments.flatMap(({ content, type, filename, content_id: id = '' }, index) => {
    const at = `attachments.${index}`;
    return [
      ...(content === ''
        ? [error(`${at}.content`, 'The attachment content must be a string at least one character in length.')]
        : []),
      ...(/^[A-Za-z0-9+/]*={0,2}$/.test(content) && content.length % 4 === 0
        ? []
        : [error(`${at}.content`, 'The attachment content must be base64 encoded.')]),
      ...(type !== undefined && (type === '' || /[;,\r\n]/.test(type))
        ? [error(`${at}.type`, "The type cannot contain ';', or CRLF characters.")]
        : []),
      ...(/[;,\r\n]/.test(filename)
        ? [error(`${at}.filename`, 'The filename of your attachment cannot contain CRLF characters.')]
        : []),
      ...(/[;,\r\n]/.test(id)
        ? [error(`${at}.content_id`, 'The content ID of your attachment cannot contain CRLF characters.')]
        : []),
    ];
  });
}

function headerErrors({ headers, personalizations }: OfferedMail): SendgridError[] {
  const sets = [
    { at: 'headers', names: Object.keys(headers) },
    ...personalizations.map((one, index) => ({
      at: `personalizations.${index}.headers`,
      names: Object.keys(one.headers),
    })),
  ];
  return sets.flatMap(({ at, names }) => [
    ...(new Set(names.map((name) => name.toLowerCase())).size < names.length
      ? [error(at, 'The headers cannot contain duplicate keys.')]
      : []),
    ...names
      .filter((name) => !/^[\x21-\x7e]+$/.test(name))
      .map(() => error(at, 'Header keys cannot contain non-ASCII characters and empty spaces.')),
    ...names
      .filter((name) => RESERVED.has(name.toLowerCase()))
      .map((name) => error(`${at}.${name}`, 'Header can not be one of the reserved keys.')),
  ]);
}

function labelErrors({ categories, custom_args: args, personalizations }: OfferedMail): SendgridError[] {
  const errors: SendgridError[] = [];
  if (categories.length > 10)
    errors.push(
      error(
        'categories',
        `There is a limit of 10 categories for each email that is sent. You provided ${categories.length} categories.`,
      ),
    );
  if (new Set(categories).size < categories.length)
    errors.push(error('categories', 'The categories must be a unique list.'));
  for (const category of categories) {
    if (category.length > 255)
      errors.push(error('categories', 'Each category must not be longer than 255 characters.'));
    if (!/^[\x20-\x7e]*$/.test(category))
      errors.push(error('categories', 'Categories can not contain non-ASCII characters.'));
  }
  for (const one of personalizations)
    if (Buffer.byteLength(JSON.stringify({ ...args, ...one.custom_args })) >= MAX_ARGUMENTS)
      errors.push(
        error(
          'custom_args',
          'The combined size of both global and personalization custom arguments may not exceed 10,000 bytes per personalization.',
        ),
      );
  return errors;
}
