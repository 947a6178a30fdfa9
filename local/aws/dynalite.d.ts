declare module 'dynalite' {
  import type { Server } from 'node:http';
  /** Creates a DynamoDB server that stores its tables in memory. */
  export default function dynalite(options?: {
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
}
