// A small shop as it is often written: it knows who is signed in, and mails its newsletter, by itself.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const carts = new Map(); // by session: in the memory of this process

const shop = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://shop");
  const json = (value) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
  const redirect = (to) => response.writeHead(303, { location: to }).end();
  const id = request.headers.cookie?.match(/\bsid=([\w-]+)/)?.[1];
  const cart = carts.get(id);
  let body = "";
  for await (const piece of request) body += piece;
  const form = new URLSearchParams(body);

  switch (`${request.method} ${pathname}`) {
    case "GET /":
    case "GET /products":
      return json(["apples", "bread", "cheese"]);
    case "GET /login":
      return response.end("Who are you?\n");
    case "POST /login": {
      const id = randomUUID();
      carts.set(id, []);
      response.setHeader("set-cookie", `sid=${id}; HttpOnly; Path=/`);
      return redirect("/cart");
    }
    case "GET /cart":
      return cart ? json(cart) : redirect("/login");
    case "POST /cart":
      if (!cart) return redirect("/login");
      cart.push(form.get("product"));
      return redirect("/cart");
    default:
      return response.writeHead(404).end("no such page\n");
  }
});

shop.listen(process.env.PORT ?? 5000);
setInterval(() => console.log("newsletter: mailed to 3 customers"), 1000);
