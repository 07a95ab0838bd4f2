// A contact form whose token against cross-site request forgery is made with a secret of each process.
// Mended: with the secret that all were given when they were deployed.
import { randomBytes, randomUUID } from "node:crypto";
import cookieParser from "cookie-parser";
import { doubleCsrf } from "csrf-csrf";
import express from "express";
import { broken, serve, sharedSecret } from "../common/app.mjs";
import { noise, unordered } from "../common/noise.mjs";

const secret = broken ? randomBytes(32).toString("hex") : sharedSecret();
const offices = ["Athens", "Berlin", "Cairo", "Dublin"].map((city) => ({ city }));

const { generateCsrfToken, doubleCsrfProtection, invalidCsrfTokenError } = doubleCsrf({
  getSecret: () => secret,
  getSessionIdentifier: (req) => req.cookies.visitor ?? "",
  getCsrfTokenFromRequest: (req) => req.body?._csrf ?? req.get("x-csrf-token"),
  cookieName: "csrf",
  cookieOptions: { secure: false, sameSite: "lax" },
});

const app = express();
app.use(noise, cookieParser(), express.urlencoded({ extended: false }), express.json());

app.get("/", (req, res) => res.page("Company", `<a href="/contact">Write to us</a>`));
app.get("/api/offices", (req, res) => res.json({ offices: unordered(offices) }));
app.get("/contact", (req, res) => {
  if (!req.cookies.visitor) {
    req.cookies.visitor = randomUUID();
    res.cookie("visitor", req.cookies.visitor, { httpOnly: true });
  }
  const token = generateCsrfToken(req, res, { overwrite: true });
  res.page(
    "Write to us",
    `<form method="post"><input type="hidden" name="_csrf" value="${token}"><textarea name="text"></textarea></form>`,
  );
});
app.post("/contact", doubleCsrfProtection, (req, res) => res.redirect(303, "/thanks"));
app.post("/api/subscribe", doubleCsrfProtection, (req, res) => res.status(201).json({ subscribed: req.body.address }));
app.get("/thanks", (req, res) => res.page("Thank you", "<p>We shall answer.</p>"));

app.use((error, req, res, next) => {
  if (error !== invalidCsrfTokenError) return next(error);
  res.status(403).page("Forbidden", "<p>invalid csrf token</p>");
});

serve(app);
