// Many sessions, some at once, each of a client that keeps no cookies, and what became of them.

const sessions = Number(process.env.SESSIONS ?? 100);
const AT_ONCE = 24;
const PATIENCE = 60_000;

/** Rejects where what is waited for takes too long, so that no crowd waits for ever. */
export async function inTime(what, promise) {
  let limit;
  const late = new Promise((_, fail) => (limit = setTimeout(() => fail(new Error(`${what} takes too long`)), PATIENCE)));
  return Promise.race([promise, late]).finally(() => clearTimeout(limit));
}

/** Runs `session(number)` that often, and prints how many failed and why the first did, as JSON. */
export async function crowd(session) {
  let next = 0;
  let failed = 0;
  let why = "";
  const one = async () => {
    while (next < sessions) {
      try {
        await session((next += 1));
      } catch (error) {
        failed += 1;
        why ||= error.message;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  console.log(JSON.stringify({ sessions: next, failed, why }));
  // What a failed client still tries is of no interest.
  process.exit(0);
}
