// An album that keeps what is uploaded on the disk of the process that took it.
// Mended: on a disk that all copies see.
import { mkdtempSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import express from "express";
import multer from "multer";
import { broken, serve, shared } from "../common/app.mjs";
import { noise, unordered } from "../common/noise.mjs";

const disk = broken ? mkdtempSync(path.join(os.tmpdir(), "album-")) : path.join(shared, "album");
await mkdir(disk, { recursive: true });
const upload = multer({ dest: disk, limits: { fileSize: 1_000_000 } });

const app = express();
app.use(noise);
app.get("/", (req, res) => {
  const input = `<input name="title"><input name="picture" type="file">`;
  res.page("Album", `<form method="post" action="/pictures" enctype="multipart/form-data">${input}</form>`);
});
app.get("/api/pictures", async (req, res) => res.json({ pictures: unordered((await readdir(disk)).sort()) }));
app.post("/pictures", upload.single("picture"), (req, res) => {
  const url = `/pictures/${req.file.filename}`;
  res.status(201).location(url).json({ id: req.file.filename, url, size: req.file.size });
});
app.get("/pictures/:id", (req, res, next) => {
  res.type("text/plain").sendFile(req.params.id, { root: disk }, (error) => {
    if (!error) return;
    if (error.code === "ENOENT") res.status(404).json({ error: "there is no such picture" });
    else next(error);
  });
});

serve(app);
