import { givenWorld } from './world.ts';

// This script runs as its own process. It receives a mail with 40 MB of 8-bit text for four recipients from SES, and prints the
// peak memory of the process in MB.

const SIZE = 40_000_000;
const RECIPIENTS = ['a', 'b', 'c', 'd'].map((name) => `${name}@in.example.com`);
const HEAD = `Message-ID: <large@example.com>\r\nFrom: ada@example.org\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\n`;

const mail = Buffer.alloc(SIZE, Buffer.from(`${'\xc1\xc2\xd7'.repeat(24)}\r\n`, 'latin1'));
mail.write(HEAD, 'latin1');
const world = givenWorld();
world.objects.set('received/large', { content: mail, contentType: 'message/rfc822' });
// The fake bucket stores nothing, since stored objects would count as memory of this process.
world.objects.set = () => world.objects;

await world.takeReceived({
  notificationType: 'Received',
  mail: { source: 'ada@example.org', messageId: 'large' },
  receipt: { recipients: RECIPIENTS, action: { bucketName: 'mail', objectKey: 'received/large' } },
});

if (world.queue.length !== RECIPIENTS.length) throw new Error('the mail is not on the queue');
console.log(Math.round(process.resourceUsage().maxRSS / 1024));
