// What an app is told by its environment, and what it shares with the other copies of it.
import { readFileSync } from "node:fs";
import { createClient } from "redis";

/** Whether this is the form that breaks with a second copy. */
export const broken = process.env.BROKEN === "1";

/** The directory that all copies see. */
export const shared = process.env.SHARED;

/** A connection to the Redis server that all copies see. */
export async function redis() {
  const client = createClient({ socket: { path: `${shared}/redis.sock` } });
  return client.connect();
}

/** The secret that all copies were given when they were deployed. */
export const sharedSecret = () => readFileSync(`${shared}/secret`, "utf8").trim();

/** Listens, and says so. `server` is what has `listen`: an Express app, or an HTTP server. */
export function serve(server) {
  const port = Number(process.env.PORT);
  server.listen(port, "127.0.0.1", () => console.log(`listening on http://localhost:${port}`));
}
