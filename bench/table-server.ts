import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// A child process that answers every request of a DynamoDB client with success, so that its CPU time is not measured.

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}'));
});
server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.on('disconnect', () => process.exit());
