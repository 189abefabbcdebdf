// Before anything is drawn: the chosen theme, so that a dark page does not flash white. state/theme.ts writes the key.
try {
  const theme = localStorage.getItem("mayfly.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's theme then stands.
}
