/**
 * The style sheet of every page: calm, light and dark, for wide and narrow windows and for paper.
 */
import { paletteVariables, theme } from "../charts/theme.ts";

export const pageStyle = `
:root { color-scheme: light dark; ${paletteVariables(theme.light)} }
@media screen and (prefers-color-scheme: dark) { :root { ${paletteVariables(theme.dark)} } }
*, ::before, ::after { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1.5rem; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--background); color: var(--text); font: 1rem/1.55 ${theme.fonts.text};
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .15em; text-decoration-thickness: 1px; }
h1, h2, h3, h4 { line-height: 1.25; text-wrap: balance; margin: 0; font-weight: 650; }
h1 { font-size: clamp(1.35rem, 1rem + 1.6vw, 1.9rem); letter-spacing: -.01em; }
h2 { font-size: 1.3rem; }
h3 { font-size: 1.05rem; }
h4 { font-size: .95rem; }
p, figure, ul, dl, dd { margin: 0; padding: 0; }
code { font: .875em/1.5 ${theme.fonts.code}; }
.muted { color: var(--muted); }
.small { font-size: .875rem; }
.frame { max-width: 78rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
.head { display: grid; gap: .75rem; margin-bottom: 2.5rem; }
.head .lead { max-width: 60rem; color: var(--muted); }
main { display: grid; gap: 3.5rem; min-width: 0; }
section { display: grid; gap: 1.25rem; min-width: 0; }
section > *, .finding > * { min-width: 0; }
section > h2 { padding-bottom: .5rem; border-bottom: 1px solid var(--line); }
.contents ul { list-style: none; display: grid; gap: .3rem; }
.contents a { color: inherit; text-decoration: none; display: flex; gap: .75rem; justify-content: space-between; }
.contents a:hover { text-decoration: underline; }
.contents ul ul { font-size: .875rem; color: var(--muted); margin: .3rem 0 .5rem; padding-left: .75rem; border-left: 1px solid var(--line); }
@media (min-width: 64rem) {
  .body { display: grid; grid-template-columns: 13rem minmax(0, 1fr); gap: 3.5rem; align-items: start; }
  .contents { position: sticky; top: 1.5rem; max-height: calc(100vh - 3rem); overflow-y: auto; }
}
@media (max-width: 63.99rem) {
  .contents { margin-bottom: 2.5rem; padding: .75rem 1rem; background: var(--surface); border-radius: .5rem; }
  .contents > ul { display: flex; flex-wrap: wrap; gap: .3rem 1.25rem; }
  .contents ul ul { display: none; }
}
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--muted); font-size: .875rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; }
.tile { background: var(--surface); border-radius: .5rem; padding: .8rem 1rem; display: grid; align-content: start; }
.tile dt { order: 1; color: var(--muted); font-size: .8125rem; }
.tile dd { font-size: 1.25rem; font-weight: 600; line-height: 1.35; white-space: nowrap; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { text-align: left; padding: .45rem .9rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
th { font-weight: 500; color: var(--muted); font-size: .8125rem; white-space: nowrap; }
tbody th { font-weight: 600; color: inherit; font-size: inherit; white-space: normal; min-width: 7.75rem; max-width: 20rem; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
.one-line { white-space: nowrap; }
.bar { display: flex; width: 100%; min-width: 6rem; height: .75rem; border-radius: 2px; overflow: hidden; }
.bar span { display: block; min-width: 1px; }
.swatch { display: inline-block; width: 1.1rem; height: 1.1rem; border-radius: 3px; border: 1px solid var(--line); vertical-align: -.2rem; }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .875rem; }
.key .swatch { width: .75rem; height: .75rem; border: 0; vertical-align: -.05rem; margin-right: .4rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 23rem), 1fr)); gap: 2.25rem 2rem; }
.charts figure { display: grid; gap: .5rem; align-content: start; min-width: 0; }
.charts figcaption { display: grid; gap: .15rem; }
.chart { display: block; max-width: 100%; height: auto; overflow: visible; }
.badge { display: inline-block; font-size: .75rem; font-weight: 600; line-height: 1; padding: .3em .6em; border-radius: 1em;
  border: 1px solid currentColor; white-space: nowrap; }
.error { color: var(--error); }
.warning { color: var(--warning); }
.note { color: var(--note); }
.good { color: var(--good); }
.name { display: inline; }
.name.empty { color: var(--muted); font-style: italic; }
.clamp { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; line-clamp: 2; overflow: hidden; }
.finding { display: grid; gap: .75rem; padding: 1.25rem 0 0; }
.finding + .finding { border-top: 1px solid var(--line); margin-top: .25rem; }
.finding > header { display: flex; flex-wrap: wrap; gap: .4rem .75rem; align-items: center; }
.finding p { max-width: 46rem; }
.command { display: block; width: fit-content; max-width: 100%; background: var(--surface); border-radius: .4rem;
  padding: .45rem .75rem; white-space: pre-wrap; margin-top: .35rem; }
.gallery { display: flex; flex-wrap: wrap; gap: 1rem; align-items: start; }
.group { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; display: grid; gap: .5rem; max-width: 100%; }
.pictures { display: flex; flex-wrap: wrap; gap: .75rem; align-items: start; }
.picture { width: 7rem; display: grid; gap: .3rem; font-size: .8125rem; line-height: 1.35; }
.picture .view { width: 7rem; height: 7rem; display: grid; place-items: center; background: var(--surface); border-radius: .3rem;
  overflow: hidden; color: var(--muted); text-align: center; font-size: .75rem; padding: 0; }
.picture img { width: 100%; height: 100%; object-fit: contain; display: block; }
.picture img.pixelated { image-rendering: pixelated; }
.picture figcaption { display: grid; }
.picture .label { font-weight: 600; }
.cells { display: flex; flex-wrap: wrap; gap: 1rem; align-items: start; }
.cell { display: grid; gap: .5rem; padding: .75rem; border-radius: .5rem; border: 1px solid var(--line); min-width: min(16rem, 100%); max-width: 100%; }
.cell:target { border-color: var(--link); box-shadow: 0 0 0 1px var(--link); }
.cell > header { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; }
a.quiet { color: inherit; text-decoration-style: dotted; }
.files { list-style: none; font-size: .875rem; display: grid; gap: .3rem; }
.files li { border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
.files li:last-child { border-bottom: 0; padding-bottom: 0; }
details > summary { cursor: pointer; color: var(--link); width: fit-content; font-size: .875rem; }
details[open] > summary { margin-bottom: .6rem; }
@media (max-width: 40rem) {
  .frame { padding: 1.5rem 1rem 3rem; }
  main { gap: 2.5rem; }
  .tile { padding: .7rem .8rem; }
  .tile dd { font-size: 1.1rem; }
  .on-desk { display: none; }
  th, td { padding-right: .6rem; }
}
@media print {
  body { font-size: 10pt; }
  .frame { padding: 0; max-width: none; }
  .contents { display: none; }
  .body { display: block; }
  .charts figure, .group, .picture, .tile, .cell, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .tile, .picture .view, .command { border: 1px solid var(--line); }
  .bar span, .swatch { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`.trim();
