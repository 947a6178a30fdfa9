import type { Answer } from '../../support/local-server.ts';

/** Ways in which an answer is lost after the server has read the request. `reason` is the reason that the outcome must have. */
export const LOST: readonly { readonly name: string; readonly answer: Answer; readonly reason: string }[] = [
  {
    name: 'reset after the request was read',
    answer: (_, __, socket) => socket.resetAndDestroy(),
    reason: 'connection-lost',
  },
  { name: 'closed after the request was read', answer: (_, __, socket) => socket.destroy(), reason: 'connection-lost' },
  { name: 'hang after the request was read', answer: () => {}, reason: 'no-answer' },
  {
    name: 'body of a 200 cut off',
    answer: (response, _, socket) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"id":"<a@b>","MessageId":"', () => socket.destroy());
    },
    reason: 'answer-lost',
  },
  {
    name: 'no HTTP at all',
    answer: (_, __, socket) => socket.end('220 mail.example.com ESMTP\r\n'),
    reason: 'connection-lost',
  },
];
