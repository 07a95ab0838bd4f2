// A shop that keeps its sessions in memory, as express-session does unless it is told otherwise.
// Mended: they are in Redis.
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { broken, redis, serve, sharedSecret } from "../common/app.mjs";
import { has, noise, unordered } from "../common/noise.mjs";

const products = ["Apples", "Bread", "Cheese", "Dates"].map((name, id) => ({ id, name, price: 100 + 25 * id }));

const app = express();
app.use(noise, express.urlencoded({ extended: false }));
app.use(
  session({
    name: "sid",
    secret: sharedSecret(),
    store: broken ? undefined : new RedisStore({ client: await redis() }),
    resave: false,
    rolling: has(15), // each answer has the session's cookie
    saveUninitialized: has(14), // a visitor has a session before signing in
  }),
);

const signedIn = (req, res, next) => (req.session.user ? next() : res.redirect("/login"));

app.get("/", (req, res) => res.page("Shop", `<a href="/login">Sign in</a>`));
app.get("/api/products", (req, res) => res.json({ products: unordered(products) }));
app.get("/api/products/:id", (req, res) => res.json(products[req.params.id] ?? {}));
app.get("/login", (req, res) =>
  res.page("Sign in", `<form method="post"><input name="user"><input name="password" type="password"></form>`),
);
app.post("/login", (req, res, next) => {
  if (req.body.password !== "correct horse") return res.status(401).page("Sign in", "Wrong password");
  // A new id, so that nobody can have fixed it before.
  req.session.regenerate((error) => {
    if (error) return next(error);
    Object.assign(req.session, { user: req.body.user, cart: [] });
    res.redirect(303, "/account");
  });
});
app.get("/account", signedIn, (req, res) => res.page("Account", `<p>Hello, ${req.session.user}</p>`));
app.post("/cart", signedIn, (req, res) => {
  req.session.cart.push(req.body.product);
  res.redirect(303, "/cart");
});
app.get("/cart", signedIn, (req, res) => res.json({ cart: unordered(req.session.cart) }));

serve(app);
