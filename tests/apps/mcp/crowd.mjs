// Sessions of the official client: it begins, asks which tools there are, uses one, and ends its session by DELETE.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { crowd, inTime } from "../common/crowd.mjs";

await crowd(async (number) => {
  const client = new Client({ name: "crowd", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL("/mcp", process.env.STICKYLB_URL));
  const all = async () => {
    await client.connect(transport);
    const { tools } = await client.listTools();
    const answer = await client.callTool({ name: tools[0].name, arguments: { city: `Town ${number}` } });
    if (!answer.content[0].text.includes(`Town ${number}`)) throw new Error("the answer is another session's");
    await transport.terminateSession();
  };
  try {
    await inTime("a session", all());
  } finally {
    await client.close();
  }
});
