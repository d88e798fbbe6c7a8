// Runs before the page is drawn, so that a theme chosen earlier never flashes up in the other one.
try {
  const { documentElement } = document;
  documentElement.dataset.theme = localStorage.getItem("pawprint.theme") ?? "";
} catch {
  // Storage can be forbidden: then the system's choice holds.
}
