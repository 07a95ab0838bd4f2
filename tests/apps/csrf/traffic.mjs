// A visitor writes to the company, and another subscribes by the page's script.
import { Visitor, check, finish } from "../common/visitor.mjs";

const token = (page) => page.body.match(/name="_csrf" value="([^"]+)"/)[1];

const visitor = new Visitor();
await visitor.get("/");
await visitor.get("/api/offices");
const form = await visitor.get("/contact");
const thanks = await visitor.postForm("/contact", { _csrf: token(form), text: "Are you open on Sunday?" });
check("the visitor is thanked", thanks.status === 200 && thanks.body.includes("We shall answer"));

const other = new Visitor();
const page = await other.get("/contact");
const headers = { "X-CSRF-Token": token(page) };
const subscribed = await other.postJson("/api/subscribe", { address: "ada@example.org" }, headers);
check("the other is subscribed", subscribed.status === 201);
finish();
