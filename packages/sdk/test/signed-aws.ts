/**
 * AWS for tests of what is sent, strict: a real HTTP server that works every request's signature out again, from what arrived, and
 * refuses with 403 what was not signed so.
 */
import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import { type Answering, type Aws, startAws } from "./aws.ts";

export const CREDENTIALS = {
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG",
  sessionToken: "token/of+a/role==",
};

/** As the signer wants it. */
class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    if (secret === undefined) this.#hash = createHash("sha256");
    else this.#hash = createHmac("sha256", typeof secret === "string" ? secret : bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === "string" ? data : bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {}
}

const bytesOf = (data: ArrayBuffer | ArrayBufferView): Uint8Array =>
  ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);

export const signerFor = (service: string, region: string): SignatureV4 =>
  new SignatureV4({
    credentials: CREDENTIALS,
    service,
    region,
    sha256: Sha256,
    applyChecksum: false,
    uriEscapePath: service !== "s3",
  });

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

const CREDENTIAL = /Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+)/;

/** Why it is refused; undefined for a request that is signed as it should be. */
const faultOf = async ({ method, path, headers, body }: Received): Promise<string | undefined> => {
  const given = String(headers["authorization"]);
  const [, region, service, names] = CREDENTIAL.exec(given) ?? [];
  if (!region || !service || !names) return "MissingAuthenticationToken";
  const digest = headers["x-amz-content-sha256"];
  if (/^[\da-f]{64}$/.test(String(digest)) && createHash("sha256").update(body).digest("hex") !== digest)
    return "XAmzContentSHA256Mismatch";
  const url = new URL(path, "http://aws");
  const signedNames = names.split(";");
  const date = String(headers["x-amz-date"]);
  const signed = await signerFor(service, region).sign(
    {
      method,
      protocol: "http:",
      hostname: "",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(signedNames.map((name) => [name, String(headers[name])])),
      body,
    },
    {
      signingDate: date.replace(/^(....)(..)(..T..)(..)/, "$1-$2-$3:$4:"),
      signableHeaders: new Set(signedNames),
    },
  );
  return signed.headers["authorization"] === given ? undefined : "SignatureDoesNotMatch";
};

/** `answer` as in `startAws`, for what is signed as it should be. */
export const startSignedAws = async (answer: Answering): Promise<Aws> => {
  const aws = await startAws(async (request, attempt) => {
    const fault = await faultOf(request);
    return fault === undefined
      ? answer(request, attempt)
      : { status: 403, headers: { "x-amzn-errortype": fault }, body: JSON.stringify({ __type: fault }) };
  });
  return { ...aws, client: { ...aws.client, credentials: CREDENTIALS } };
};
