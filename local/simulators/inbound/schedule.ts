/** The types of providers that post received mail. */
export type PostingType = 'mailgun' | 'postmark';

interface Rule {
  /** Pauses before the second and each later post, in minutes. */
  readonly minutes: readonly number[];
  /** The status after which it is not posted again. */
  readonly stop: number;
}

// Mailgun user manual (2024) and help centre article 202236504: about eight hours in all. Postmark: "Understanding inbound
// webhook retries" (2025-11-04), ten retries in ten and a half hours. Both collected 2026-11-23.
const RULES: Readonly<Record<PostingType, Rule>> = {
  mailgun: { minutes: [10, 10, 15, 30, 60, 120, 240], stop: 406 },
  postmark: { minutes: [1, 5, 10, 10, 10, 15, 30, 60, 120, 360], stop: 403 },
};

/** A provider's next step after a post: `done`, `stop` for good, or the pause before the next post in milliseconds. */
export function afterTry(type: PostingType, tries: number, status: number | undefined): 'done' | 'stop' | number {
  const { minutes, stop } = RULES[type];
  if (status === 200) return 'done';
  const pause = minutes[tries - 1];
  return status === stop || pause === undefined ? 'stop' : pause * 60_000;
}
