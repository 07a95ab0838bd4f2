// Prints why Node.js does not trust this server.
try {
  await fetch(process.argv[2]);
  console.log("trusted");
} catch (error) {
  console.log(error.cause?.code ?? error);
}
