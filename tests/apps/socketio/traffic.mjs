// Two people open the page and connect; one says something, and both hear it. Clients of Node without a cookie jar.
import { io } from "socket.io-client";
import { Visitor, check, finish } from "../common/visitor.mjs";

const PATIENCE = 4000;
const within = (what) => new Promise((_, fail) => setTimeout(() => fail(new Error(`${what} in time`)), PATIENCE).unref());

for (const text of ["hello", "good night"]) {
  const visitor = new Visitor();
  await visitor.get("/");
  await visitor.get("/socket.io/socket.io.js");
  const { transports } = JSON.parse((await visitor.get("/settings")).body);
  const people = [0, 1].map(() => io(process.env.STICKYLB_URL, { transports, forceNew: true }));
  try {
    const connected = people.map((person) => new Promise((done) => person.once("connect", done)));
    await Promise.race([Promise.all(connected), within("both connect")]);
    const heard = people.map((person) => new Promise((done) => person.once("said", done)));
    await people[0].timeout(PATIENCE).emitWithAck("say", text);
    await Promise.race([Promise.all(heard), within("both hear it")]);
  } catch (error) {
    check(error.message, false);
  }
  people.forEach((person) => person.disconnect());
}
finish();
