/** A JSON log line as people read it: `12:03:04.123 WARN slow query ms=1290 route=/api/traces`, a stack below it. */
export const plainLine = (json: string): string => {
  const { timestamp, level, message, stackTrace, ...fields } = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${shown(value)}`);
  const stack = typeof stackTrace === "string" ? `\n${stackTrace}` : "";
  return `${String(timestamp).slice(11, 23)} ${level} ${message}${rest.join("")}${stack}\n`;
};

const shown = (value: unknown): string =>
  typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
