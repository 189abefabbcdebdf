/**
 * A certificate for this machine, made anew for each test, in a file for NODE_EXTRA_CA_CERTS. Node can sign but makes no
 * certificates, so the few bytes of DER around the key are written here (RFC 5280, section 4.1).
 */
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** Holds `cert`. */
  readonly file: string;
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;

const der = (tag: number, ...parts: readonly (Buffer | string)[]): Buffer => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};

const oid = (hex: string): Buffer => der(OBJECT_IDENTIFIER, Buffer.from(hex, "hex"));

export const certificateForLocalhost = (): Certificate => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ecdsaWithSha256 = der(SEQUENCE, oid("2a8648ce3d040302"));
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, oid("550403"), der(UTF8_STRING, "localhost"))));
  const alternatives = der(SEQUENCE, der(0x82, "localhost"), der(0x87, Buffer.from([127, 0, 0, 1])));
  const extensions = der(SEQUENCE, der(SEQUENCE, oid("551d11"), der(OCTET_STRING, alternatives)));
  const toBeSigned = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    der(SEQUENCE, der(GENERALIZED_TIME, "20200101000000Z"), der(GENERALIZED_TIME, "20991231235959Z")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions),
  );
  const signature = der(BIT_STRING, Buffer.of(0), sign("sha256", toBeSigned, privateKey));
  const bytes = der(SEQUENCE, toBeSigned, ecdsaWithSha256, signature);
  const cert = `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
  const folder = mkdtempSync(join(tmpdir(), "mayfly-certificate-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "cert.pem");
  writeFileSync(file, cert);
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }) as string, cert, file };
};
