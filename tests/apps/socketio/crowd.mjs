// Sessions on long polling alone: a client connects, says something three times, is told that it arrived, and leaves.
import { io } from "socket.io-client";
import { crowd, inTime } from "../common/crowd.mjs";

await crowd(async (number) => {
  const client = io(process.env.STICKYLB_URL, { transports: ["polling"], forceNew: true, reconnection: false });
  try {
    const ended = new Promise((_, fail) => {
      client.once("connect_error", (error) => fail(new Error(error.context?.responseText ?? error.message)));
      client.once("disconnect", (reason) => fail(new Error(reason)));
    });
    const all = async () => {
      await new Promise((done) => client.once("connect", done));
      for (const text of ["one", "two", "three"]) {
        const answer = await client.emitWithAck("note", `${text} of ${number}`);
        if (answer.text !== `${text} of ${number}`) throw new Error(`${text} came back as ${answer.text}`);
      }
    };
    await inTime("a session", Promise.race([all(), ended]));
  } finally {
    client.disconnect();
  }
});
