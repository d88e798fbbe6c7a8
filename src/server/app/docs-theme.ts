/** What the documentation of the routes needs beyond Swagger UI's own page: it was made for desks. */

/** Without it a telephone lays the page out for a desk and shrinks it. */
const viewportScript = `const viewport = document.createElement("meta");
viewport.name = "viewport";
viewport.content = "width=device-width, initial-scale=1";
document.head.append(viewport);
`;

/**
 * Answers stand below their codes and not in columns, so that no word is broken; code that is wider
 * scrolls by itself; buttons wrap.
 */
const narrowStyle = `@media (max-width: 40rem) {
  .swagger-ui .wrapper { padding: 0 12px; }
  .swagger-ui .info { margin: 24px 0; }
  .swagger-ui .opblock-tag, .swagger-ui .opblock .opblock-section-header { flex-wrap: wrap; height: auto; }
  .swagger-ui .opblock-tag small { order: 1; flex-basis: 100%; padding: 0; }
  .swagger-ui .opblock .opblock-section-header .tab-item.active h4 span::after { bottom: -4px; }
  .swagger-ui .opblock .opblock-section-header { gap: 8px; padding: 8px 12px; }
  .swagger-ui .try-out .btn { margin: 0 8px 0 0; }
  .swagger-ui .responses-wrapper table, .swagger-ui .responses-wrapper tbody,
  .swagger-ui .responses-wrapper tr, .swagger-ui .responses-wrapper td { display: block; width: 100%; min-width: 0; }
  .swagger-ui .responses-wrapper thead, .swagger-ui .response-col_links { display: none !important; }
  .swagger-ui .responses-inner { padding: 12px; }
  .swagger-ui .responses-table .response-col_status { padding: 12px 0 4px; font-weight: 700; }
  .swagger-ui .highlight-code > .microlight, .swagger-ui .microlight, .swagger-ui .microlight span {
    white-space: pre !important; word-break: normal !important; overflow-wrap: normal; }
  .swagger-ui .microlight { overflow-x: auto; }
  .swagger-ui .renderedMarkdown p, .swagger-ui .opblock-summary-path { word-break: normal; overflow-wrap: break-word; }
}
`;

export const docsTheme = {
  title: "Pawprint: the routes",
  js: [{ filename: "viewport.js", content: viewportScript }],
  css: [{ filename: "narrow.css", content: narrowStyle }],
};
