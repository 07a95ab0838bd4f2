"""The sessions of crowd.mjs with the client of the Python SDK."""

import asyncio
import json
import os

from mcp.client import Client

SESSIONS = int(os.environ.get("SESSIONS", "100"))
failures = []


async def session(number, url):
    async with Client(url, mode="legacy") as client:
        tools = (await client.list_tools()).tools
        answer = await client.call_tool(tools[0].name, {"city": f"Town {number}"})
        assert f"Town {number}" in answer.content[0].text, "the answer is another session's"


async def worker(numbers, url):
    for number in numbers:
        try:
            await asyncio.wait_for(session(number, url), 60)
        except Exception as error:
            # The SDK's tasks raise groups, in which the first says what happened.
            while isinstance(error, ExceptionGroup):
                error = error.exceptions[0]
            failures.append(f"{type(error).__name__}: {error}")


async def crowd():
    numbers = iter(range(SESSIONS))
    await asyncio.gather(*(worker(numbers, os.environ["STICKYLB_URL"] + "/mcp") for _ in range(16)))
    print(json.dumps({"sessions": SESSIONS, "failed": len(failures), "why": failures[0] if failures else ""}))


asyncio.run(crowd())
