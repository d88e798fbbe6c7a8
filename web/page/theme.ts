/** The switch between the light and the dark theme; until it is used, the system's preference applies. */

const place = "pawprint.theme"; // also read by theme-start.ts
const system = matchMedia("(prefers-color-scheme: dark)");

type Theme = "light" | "dark";

/** Labels the button with the other theme, and switches to it. */
export function connectTheme(button: HTMLButtonElement): void {
  const root = document.documentElement;
  const current = (): Theme => {
    const chosen = root.dataset.theme;
    return chosen === "light" || chosen === "dark" ? chosen : system.matches ? "dark" : "light";
  };
  const other = (): Theme => (current() === "dark" ? "light" : "dark");
  const name = (): void => {
    button.textContent = other() === "dark" ? "Dark" : "Light";
    button.setAttribute("aria-label", `Switch to the ${other()} theme`);
    button.dataset.to = other();
  };
  button.addEventListener("click", () => {
    root.dataset.theme = other();
    try {
      localStorage.setItem(place, current());
    } catch {
      // Storage can be forbidden: then the choice is lost with the page.
    }
    name();
  });
  system.addEventListener("change", name);
  name();
}
