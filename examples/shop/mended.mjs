// The shop as it survives more than one copy: the cart is in a signed cookie, and one process alone mails the newsletter.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";

// The same in every copy: from the environment.
const secret = process.env.SHOP_SECRET ?? "for development only";
const signed = (text) => `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
const written = (cart) => signed(Buffer.from(JSON.stringify(cart)).toString("base64url"));
const read = (cookie = "") => {
  const [text] = cookie.split(".");
  return signed(text) === cookie ? JSON.parse(Buffer.from(text, "base64url")) : undefined;
};

const shop = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://shop");
  const json = (value) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
  const redirect = (to) => response.writeHead(303, { location: to }).end();
  const cart = read(request.headers.cookie?.match(/\bcart=([\w.-]+)/)?.[1]);
  const keep = (cart) => response.setHeader("set-cookie", `cart=${written(cart)}; HttpOnly; Path=/`);
  let body = "";
  for await (const piece of request) body += piece;
  const form = new URLSearchParams(body);

  switch (`${request.method} ${pathname}`) {
    case "GET /":
    case "GET /products":
      return json(["apples", "bread", "cheese"]);
    case "GET /login":
      return response.end("Who are you?\n");
    case "POST /login":
      keep([]);
      return redirect("/cart");
    case "GET /cart":
      return cart ? json(cart) : redirect("/login");
    case "POST /cart":
      if (!cart) return redirect("/login");
      keep([...cart, form.get("product")]);
      return redirect("/cart");
    default:
      return response.writeHead(404).end("no such page\n");
  }
});

shop.listen(process.env.PORT ?? 5000);
if (process.env.JOBS) setInterval(() => console.log("newsletter: mailed to 3 customers"), 1000);
