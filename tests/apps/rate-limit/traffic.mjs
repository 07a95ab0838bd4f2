// Two visitors search for some words.
import { Visitor, check, finish } from "../common/visitor.mjs";

for (const queries of [["a", "ap", "b"], ["c", "fig"]]) {
  const visitor = new Visitor();
  await visitor.get("/");
  await visitor.get("/about");
  for (const query of queries) {
    const answer = await visitor.get(`/api/search?q=${query}`);
    check("the search finds something", answer.status === 200 && JSON.parse(answer.body).found.length > 0);
    check("the limit is told", answer.headers.has("x-ratelimit-remaining"));
  }
}
finish();
