/** The site, as VitePress builds it from what scripts/site.mjs laid out in `dist/`. */
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';
import { slugOf } from '../../scripts/site/markdown.mjs';
import { linkTo, sidebar } from '../../scripts/site/pages.mjs';
import { REPOSITORY } from '../../scripts/site/stage.mjs';

/** Two waves on a line: what comes in and what goes out. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0f766e"/><path d="M2 6q3-4 6 0t6 0M2 11q3-4 6 0t6 0" fill="none" stroke="#fff" stroke-width="1.6"/></svg>',
)}`;

const api = JSON.parse(readFileSync(new URL('../dist/api.json', import.meta.url), 'utf8'));

const groups = sidebar().map(({ text, pages }) => ({
  text,
  collapsed: text !== 'Start' && text !== 'Tutorials' && !text.startsWith('Guides'),
  items: pages.map(({ label, path }) => ({ text: label, link: linkTo(path) })),
}));
const reference = groups.find(({ text }) => text === 'Reference');
reference?.items.unshift({ text: 'API', link: '/api/' });

const apiTop = [
  { text: 'All pages', link: '/reading-order' },
  {
    text: 'API',
    link: '/api/',
    items: api.map(({ name, path }) => ({ text: name, link: `/${path}/` })),
  },
];

/** Only the names of one entry: every page carries its sidebar, and there are many pages. */
function sidebarOf({ name, path, groups: kinds }) {
  const own = kinds.map(({ text, items }) => ({ text, collapsed: true, items }));
  return [`/${path}/`, [...apiTop, { text: name, link: `/${path}/` }, ...own]];
}

/** A page for the index of the search, where the colours of code would only cost time. */
function renderPlain(source, environment, markdown) {
  const { highlight } = markdown.options;
  markdown.options.highlight = null;
  // That a member is inherited is nothing to find: the class that has it is in the index.
  const text = source.replaceAll(/^#+ (?:Inherited from|Implementation of|Overrides)\n+.*$/gm, '');
  try {
    return markdown.render(text, environment);
  } finally {
    markdown.options.highlight = highlight;
  }
}

export default defineConfig({
  title: 'awaitio',
  description:
    'Sockets whose readiness can be awaited, structured tasks, and an HTTP/1.1 server and client, for Node.js',
  lang: 'en',
  base: process.env.SITE_BASE ?? '/awaitio/',
  srcDir: 'dist/pages',
  outDir: 'dist/site',
  cacheDir: 'dist/cache',
  cleanUrls: true,
  // A dead link fails the build: that is VitePress's default, and stays so.
  ignoreDeadLinks: false,
  // Pages say what is, and are dated by their commits.
  lastUpdated: false,
  metaChunk: true,
  head: [
    ['meta', { name: 'theme-color', content: '#0f766e' }],
    ['link', { rel: 'icon', type: 'image/svg+xml', href: ICON }],
  ],
  markdown: {
    anchor: { slugify: slugOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark' },
    languageAlias: { cfg: 'ini', conf: 'ini' },
  },
  themeConfig: {
    search: {
      provider: 'local',
      options: {
        detailedView: true,
        _render: renderPlain,
        miniSearch: {
          searchOptions: {
            // What explains a name comes before the many pages that have it. VitePress takes the text of this function along.
            boostDocument: (path) => (path.includes('/api/') ? 1 : 4),
          },
        },
      },
    },
    outline: { level: [2, 3] },
    notFound: {
      quote: 'The search finds names, options, and the codes of errors.',
      linkText: 'To the start',
      linkLabel: 'To the start',
    },
    nav: [
      { text: 'Get started', link: '/getting-started' },
      { text: 'How-to', link: '/how-to/' },
      { text: 'API', link: '/api/' },
      { text: 'Errors', link: '/errors' },
      { text: 'Benchmarks', link: '/benchmarks/report' },
    ],
    sidebar: {
      ...Object.fromEntries(api.map(sidebarOf)),
      '/api/': apiTop,
      '/': groups,
    },
    editLink: {
      // VitePress takes the text of this function along: it may use nothing from around it.
      pattern: ({ frontmatter }) =>
        frontmatter.source ?? 'https://github.com/awaitio/awaitio/tree/main/packages',
      text: 'This page on GitHub',
    },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    footer: { message: 'MIT License' },
  },
});
