/**
 * Secrets, replaced by a fixed text in what leaves the function; what the application holds is never touched.
 *
 *   line ─▶ does anything in it look like one? ─no─▶ as it is          (nearly always: one search through its text)
 *                                              └yes▶ parsed, gone through, written again
 *
 * A secret has a telling name (a field's, an attribute's, or before `:` or `=` within a text) or a telling form: bearer token, JWT,
 * AWS access key, card number. A field whose name ends in `id` or `arn` is never taken for a card number.
 */

export interface Redact {
  /** A log line, as JSON. */
  readonly line: (line: string) => string;
  readonly text: (text: string) => string;
  /** Of a span; keys that join functions stay as they are. */
  readonly attribute: (key: string, value: unknown) => unknown;
  /** Of an object that somebody else goes through: what may leave of one field of it. What is itself an object, as it is. */
  readonly field: (name: string, path: string, value: unknown) => unknown;
  readonly count: number;
}

export interface RedactOptions {
  readonly isRedacting: boolean;
  readonly redactKeys: readonly string[];
}

export const REDACTED = "[redacted]";

const NAME =
  "(?:pass(?:word|wd|phrase)|pwd|(?<!arn:[\\w:/-]{0,80})secret|(?<!(?:next|page|continuation|idempotency)[-_]?)token|authorization|cookie|credential|signature|cvv|cvc|(?:api|access|private|secret)[-_ ]?key)s?(?:[-_]?hash)?";
/** From a name within a text to its value: JSON, JSON in JSON, a query, a header. */
const TO_VALUE = String.raw`["'\\]{0,4}\s{0,2}[:=][\s"'\\[]{0,8}`;
/** From the beginning of a word: from each place within a long one, its search would be quadratic. */
const JWT = String.raw`(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]+(?:\.[\w-]*)?`;
const AWS_KEY = String.raw`\bA[KS]IA[A-Z\d]{16}\b`;
const SCHEME = String.raw`\b(?:bearer|basic)\s+(?=[a-z]*[\d+/=])`;
const CARD = String.raw`(?<![\w.-])[2-6](?:[ -]?\d){12,18}(?![\w-])`;
const IS_ID = /(?:ids?|arns?)$/i;
const MAX_KNOWN_NAMES = 1_000;

export const createRedact = ({ isRedacting, redactKeys }: RedactOptions): Redact => {
  let count = 0;
  const own = new Set(redactKeys);
  // Of a path, its last name: that stands before the value.
  const ownNames = redactKeys.map((key) => key.slice(key.lastIndexOf(".") + 1).replaceAll(/[^\w-]/g, "\\$&"));
  const named = `(?:${[NAME, ...ownNames].join("|")})`;
  // Both of texts in lower case: it takes half as long to make them ready, and to search by them, as where letters stand for either.
  const isNamed = new RegExp(`${NAME}$`);
  const suspects = new RegExp(`${named}${TO_VALUE}|${SCHEME}|${JWT.toLowerCase()}|${AWS_KEY.toLowerCase()}|${CARD}`);
  const isSuspect = (text: string): boolean => suspects.test(text.toLowerCase());
  const secrets = new RegExp(
    String.raw`((?:authorization|cookie)s?${TO_VALUE})[^"'\\\r\n]+|(${named}${TO_VALUE})[^\s"',;&}\]\\]+|(${SCHEME})[\w.~+/=-]{8,}|${JWT}|${AWS_KEY}|(${CARD})`,
    "gi",
  );

  const secret = (): string => {
    count += 1;
    return REDACTED;
  };
  const textOf = (text: string, isId: boolean): string =>
    isSuspect(text)
      ? text.replace(secrets, (found: string, line?: string, word?: string, scheme?: string, card?: string) =>
          card !== undefined && (isId || !isCard(card)) ? found : (line ?? word ?? scheme ?? "") + secret(),
        )
      : text;

  const known = new Map<string, boolean>();
  const isSecretName = (name: string): boolean => {
    const cached = known.get(name);
    if (cached !== undefined) return cached;
    const lower = name.toLowerCase();
    const is = isNamed.test(lower) || own.has(lower);
    if (known.size < MAX_KNOWN_NAMES) known.set(name, is);
    return is;
  };
  /** Flags are no secrets, and `tokens: 5` is a count. */
  const isSecret = (name: string, value: unknown): boolean =>
    isSecretName(name) &&
    value !== null &&
    typeof value !== "boolean" &&
    !(typeof value === "number" && /s$/i.test(name));

  const isHidden = (name: string, path: string, value: unknown): boolean =>
    isSecret(name, value) || (own.has(path.toLowerCase()) && value !== null);

  const plain = (value: unknown, name: string): unknown => {
    if (typeof value === "string") return textOf(value, IS_ID.test(name));
    return typeof value === "number" && !IS_ID.test(name) && isCard(String(value)) ? secret() : value;
  };

  const redacted = (value: unknown, name: string, path: string): unknown => {
    if (typeof value !== "object" || value === null) return plain(value, name);
    if (Array.isArray(value)) return value.map((one) => redacted(one, name, path));
    const entries = Object.entries(value).map(([key, inner]: [string, unknown]) => {
      const within = path === "" ? key : `${path}.${key}`;
      return [key, isHidden(key, within, inner) ? secret() : redacted(inner, key, within)] as const;
    });
    return Object.fromEntries(entries);
  };

  if (!isRedacting)
    return {
      line: (line) => line,
      text: (text) => text,
      attribute: (_key, value) => value,
      field: (_name, _path, value) => value,
      count,
    };
  return {
    line(line) {
      if (!isSuspect(line)) return line;
      const before = count;
      const clean = redacted(JSON.parse(line), "", "");
      return count === before ? line : `${JSON.stringify(clean)}\n`;
    },
    text: (text) => textOf(text, false),
    attribute(key, value) {
      // Of the second sort they are out already.
      if (/^mayfly\.(?:keys|payload)\./.test(key)) return value;
      return isSecret(key, value) ? secret() : redacted(value, key, key);
    },
    field: (name, path, value) => (isHidden(name, path, value) ? secret() : plain(value, name)),
    get count() {
      return count;
    },
  };
};

/** Issuer's first digits and length, and the check digit (Luhn). */
const isCard = (text: string): boolean => {
  const digits = text.replaceAll(/[ -]/g, "");
  if (!/^(?:4\d{12}(?:\d{3}){0,2}|(?:5[1-5]|2[2-7]|35)\d{14}|6\d{15,18}|3[47]\d{13}|3[068]\d{12})$/.test(digits))
    return false;
  const sum = digits
    .split("")
    .toReversed()
    .reduce((total, digit, index) => {
      const value = Number(digit) * (1 + (index % 2));
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10 === 0;
};
