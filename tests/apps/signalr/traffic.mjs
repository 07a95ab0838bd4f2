// Pages that call the hub, with the client that pages use. It keeps no cookies.
import * as signalR from "@microsoft/signalr";
import { Visitor, check, finish } from "../common/visitor.mjs";

const { LongPolling, WebSockets } = signalR.HttpTransportType;

for (let page = 0; page < 3; page += 1) {
  const { webSocketAlone } = JSON.parse((await new Visitor().get("/settings")).body);
  const hub = new signalR.HubConnectionBuilder()
    .withUrl(`${process.env.STICKYLB_URL}/hub`, {
      transport: webSocketAlone ? WebSockets : LongPolling,
      skipNegotiation: webSocketAlone,
      withCredentials: false,
    })
    .configureLogging(signalR.LogLevel.None)
    .build();
  hub.serverTimeoutInMilliseconds = 5000;
  try {
    await hub.start();
    for (const word of ["one", "two"]) check(`${word} is answered`, (await hub.invoke("Say", word)).said === word);
  } catch (error) {
    check(error.message, false);
  }
  await hub.stop().catch(() => {});
}
finish();
