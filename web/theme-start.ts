// Runs before the first paint, so that the page never flashes in the other theme.
try {
  const { documentElement } = document;
  documentElement.dataset.theme = localStorage.getItem("pawprint.theme") ?? "";
} catch {
  // Storage can be forbidden: then the system's preference applies.
}
