// Connections by long polling: a client negotiates, calls the hub twice, and leaves.
import * as signalR from "@microsoft/signalr";
import { crowd, inTime } from "../common/crowd.mjs";

await crowd(async (number) => {
  const hub = new signalR.HubConnectionBuilder()
    .withUrl(`${process.env.STICKYLB_URL}/hub`, { transport: signalR.HttpTransportType.LongPolling, withCredentials: false })
    .configureLogging(signalR.LogLevel.None)
    .build();
  const all = async () => {
    await hub.start();
    for (const word of ["one", "two"]) {
      const answer = await hub.invoke("Say", `${word} of ${number}`);
      if (answer.said !== `${word} of ${number}`) throw new Error("the answer is another connection's");
    }
  };
  try {
    await inTime("a connection", all());
  } finally {
    await hub.stop();
  }
});
