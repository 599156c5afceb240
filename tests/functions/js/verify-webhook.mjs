// Verifies requests with the official package, and the asymmetric signature with Node's own Ed25519, which the package lacks.
import { createPublicKey, verify } from "node:crypto";
import { Webhook } from "standardwebhooks";

const results = JSON.parse(process.env.REQUESTS).map(({ secret, publicKey, body, headers }) => ({
  symmetric: attempt(() => new Webhook(secret).verify(body, headers)),
  asymmetric: attempt(() => verifyAsymmetric(publicKey, body, headers)),
}));
console.log(JSON.stringify(results));

function attempt(check) {
  try {
    return { verified: check() };
  } catch (error) {
    return { refused: error.message };
  }
}

function verifyAsymmetric(publicKey, body, headers) {
  const key = Buffer.from(publicKey.slice("whpk_".length), "base64").toString("base64url");
  const spki = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: key }, format: "jwk" });
  const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  const signatures = headers["webhook-signature"].split(" ").filter((one) => one.startsWith("v1a,"));
  if (!signatures.some((one) => verify(null, signed, spki, Buffer.from(one.slice("v1a,".length), "base64")))) {
    throw new Error("No matching signature found");
  }

  return JSON.parse(body);
}
