// One member reads the notes in a browser, another by a program with a token.
import { Visitor, check, finish } from "../common/visitor.mjs";

const browser = new Visitor();
await browser.get("/");
await browser.get("/login");
const notes = await browser.postForm("/login", { user: "ada", password: "correct horse" });
check("the notes are Ada's", notes.body.includes("Those of ada"));
check("they are still", (await browser.get("/notes")).body.includes("Those of ada"));

const program = new Visitor();
const { token } = JSON.parse((await program.postJson("/api/token", { user: "grace" })).body);
for (let times = 0; times < 3; times++) {
  const answer = await program.get("/api/notes", { Authorization: `Bearer ${token}` });
  check("the token is good", answer.status === 200);
}
finish();
