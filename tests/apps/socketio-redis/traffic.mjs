// A buyer follows a price, and a seller changes it. Their clients keep cookies, as browsers do.
import { io } from "socket.io-client";
import { Visitor, check, finish } from "../common/visitor.mjs";

const PATIENCE = 4000;
const within = (what) => new Promise((_, fail) => setTimeout(() => fail(new Error(`${what} in time`)), PATIENCE).unref());

async function connected(transports) {
  const options = { path: "/live/", transports, forceNew: true, withCredentials: true, reconnectionDelay: 100 };
  const client = io(process.env.STICKYLB_URL, options);
  const connected = new Promise((done) => client.once("connect", done));
  await Promise.race([connected, within("a client connects")]).catch((error) => check(error.message, false));
  return client;
}

for (const name of ["apples", "bread", "cheese"]) {
  const visitor = new Visitor();
  const { transports } = JSON.parse((await visitor.get("/goods")).body);
  check("its page is there", (await visitor.get(`/goods/${name}`)).status === 200);
  check("gold is not sold", (await visitor.get("/goods/gold")).status === 404);
  const [seller, buyer] = [await connected(transports), await connected(transports)];
  try {
    await buyer.timeout(PATIENCE).emitWithAck("follow", name);
    const heard = new Promise((done) => buyer.once("price", done));
    seller.emit("price", name, 250);
    await Promise.race([heard, within("the price comes")]);
  } catch (error) {
    check(error.message, false);
  }
  [seller, buyer].forEach((client) => client.disconnect());
}
finish();
