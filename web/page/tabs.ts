/**
 * Tabs: one of several panels is shown. Source of the keys:
 * https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
 */

export interface Tabs {
  /** Shows the panel of the tab with this id. */
  select(tabId: string): void;
}

/**
 * Makes the tabs of a list work; each names its panel in `aria-controls`. The first is shown until
 * another is selected.
 */
export function connectTabs(list: HTMLElement, onSelect?: (tabId: string) => void): Tabs {
  const tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  const select = (chosen: HTMLElement | undefined): void => {
    if (chosen === undefined) return;
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panelOf(tab)?.toggleAttribute("hidden", !isChosen);
    }
    onSelect?.(chosen.id);
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      const target = tabs.at(neighbour(event.key, index, tabs.length) ?? index);
      if (target === tab || target === undefined) return;
      event.preventDefault();
      select(target);
      target.focus();
    });
  });
  select(tabs[0]);
  return { select: (tabId) => select(tabs.find((tab) => tab.id === tabId)) };
}

function neighbour(key: string, index: number, count: number): number | undefined {
  if (key === "ArrowRight") return (index + 1) % count;
  if (key === "ArrowLeft") return index - 1;
  if (key === "Home") return 0;
  return key === "End" ? -1 : undefined;
}

function panelOf(tab: HTMLElement): HTMLElement | null {
  return document.getElementById(tab.getAttribute("aria-controls") ?? "");
}
