// A visitor uploads a picture and looks at it.
import { Visitor, check, finish } from "../common/visitor.mjs";

const visitor = new Visitor();
await visitor.get("/");
for (const picture of ["( o_o )", "( ^_^ )"]) {
  const body = new FormData();
  body.set("title", "A face");
  body.set("picture", new Blob([picture], { type: "text/plain" }), "face.txt");
  const uploaded = await visitor.request("POST", "/pictures", { body });
  check("it is uploaded", uploaded.status === 201);
  for (let times = 0; times < 2; times++) {
    const seen = await visitor.get(uploaded.headers.get("location"));
    check("it is there", seen.status === 200 && seen.body === picture);
  }
}
await visitor.get("/api/pictures");
finish();
