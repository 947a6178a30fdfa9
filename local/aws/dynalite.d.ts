declare module 'dynalite' {
  import type { Server } from 'node:http';
  /** A DynamoDB server that keeps its tables in memory. */
  export default function dynalite(options?: {
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
}
