/** Now, as ISO 8601 with milliseconds. All but the milliseconds are made once a second: that is most of what a log line's time costs. */
let second = -1;
let untilMillis = "";

export const isoNow = (): string => {
  const nowMs = Date.now();
  const now = Math.floor(nowMs / 1_000);
  if (now !== second) {
    second = now;
    untilMillis = new Date(now * 1_000).toISOString().slice(0, -4);
  }
  return `${untilMillis}${String(nowMs - now * 1_000).padStart(3, "0")}Z`;
};
