// Programs that use the server, with the official client: they begin, ask which tools there are, use one, and end.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Visitor, check, finish } from "../common/visitor.mjs";

for (const city of ["Oslo", "Rome", "Lima"]) {
  check("the cities are there", (await new Visitor().get("/cities")).status === 200);
  const client = new Client({ name: "traffic", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL("/mcp", process.env.STICKYLB_URL));
  try {
    await client.connect(transport);
    check("there is one tool", (await client.listTools()).tools.length === 1);
    const answer = await client.callTool({ name: "forecast", arguments: { city } });
    check("it says the weather of the city", answer.content[0].text.includes(city));
    await transport.terminateSession();
  } catch (error) {
    check(error.message, false);
  }
  await client.close();
}
finish();
