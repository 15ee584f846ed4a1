/**
 * What the site needs beside typedoc's own. Pages are named by their first heading, and stand in the
 * order of the README's list. A copy of mermaid in the site draws the diagrams, so that it works
 * offline.
 */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Converter, JSX, RendererEvent } from 'typedoc';

const require = createRequire(import.meta.url);

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    // In parts: code and links are apart from plain text.
    const text = document.content.map((part) => part.text).join('');
    document.name = titleOf(text) ?? document.name;
  });

  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const order = titlesInReadme();
    const place = ({ name }) => (order.includes(name) ? order.indexOf(name) : order.length);
    project.documents?.sort((a, b) => place(a) - place(b));
    project.childrenIncludingDocuments?.sort((a, b) => place(a) - place(b));
  });

  app.renderer.on(RendererEvent.END, ({ outputDirectory }) => {
    const assets = join(outputDirectory, 'assets');
    mkdirSync(assets, { recursive: true });
    copyFileSync(require.resolve('@mermaid-js/tiny'), join(assets, 'mermaid.js'));
  });

  app.renderer.hooks.on('body.end', (context) =>
    JSX.createElement(JSX.Raw, { html: drawDiagrams(context.relativeURL('assets/mermaid.js')) }),
  );
}

/** The titles of the pages, in the order in which the README links to them. */
function titlesInReadme() {
  const readme = readFileSync('README.md', 'utf8');
  const pages = [...readme.matchAll(/\]\(([\w./-]+\.md)[^)]*\)/g)].map(([, page]) => page);
  const list = readme.slice(readme.indexOf('## Documentation'));
  pages.sort((a, b) => list.indexOf(`(${a}`) - list.indexOf(`(${b}`));
  return pages.map((page) => titleOf(readFileSync(page, 'utf8')));
}

function titleOf(text) {
  return /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '');
}

/** Replaces each block of mermaid by its drawing; a page without one loads nothing. */
function drawDiagrams(mermaidUrl) {
  return `<script type="module">
const blocks = [...document.querySelectorAll('pre > code.mermaid')];
if (blocks.length > 0) {
  const script = document.createElement('script');
  script.src = '${mermaidUrl}';
  script.onload = async () => {
    const chosen = document.documentElement.dataset.theme;
    const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
    mermaid.initialize({ startOnLoad: false, theme: dark ? 'dark' : 'default' });
    for (const code of blocks) {
      const drawing = document.createElement('div');
      drawing.className = 'mermaid';
      drawing.textContent = code.textContent;
      code.parentElement.replaceWith(drawing);
    }
    await mermaid.run();
  };
  document.head.append(script);
}
</script>`;
}
