/** HTTP answer to a browser or a mail program. */
export interface PageAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The only form field of a one-click request (RFC 8058, section 3.1). The button of the page posts the same field. */
export const ONE_CLICK = ['List-Unsubscribe', 'One-Click'] as const;

/** A page without scripts, pictures or content of other sites. No other site can show it in a frame to make a person click it. */
function page(statusCode: number, text: string, form = ''): PageAnswer {
  return {
    statusCode,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-robots-tag': 'noindex',
    },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Unsubscribe</title><p>${text}</p>${form}</html>\n`,
  };
}

const [NAME, VALUE] = ONE_CLICK;
const BUTTON = `<form method="post"><input type="hidden" name="${NAME}" value="${VALUE}"><button>Unsubscribe</button></form>`;

export const PAGES = {
  /** The page that a link opens. Opening the page changes nothing, since some programs open every link of a mail. */
  ask: page(200, 'Do you want to stop getting mail of this kind?', BUTTON),
  done: page(200, 'You will get no more mail of this kind.'),
  invalid: page(404, 'This link is not complete. Please open it from the mail again.'),
  wrong: page(400, 'This request does not ask to unsubscribe.'),
  failed: page(500, 'This did not work. Please try again in a minute.'),
} as const;
