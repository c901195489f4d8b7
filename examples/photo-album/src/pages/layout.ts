import { type Html, html } from './html.ts';

export interface Footer {
  readonly release: string;
  readonly instance: string;
}

export interface PageParts {
  readonly title: string;
  readonly header: Html;
  readonly content: Html;
  readonly footer?: Footer | undefined;
  /** Modules of public/. */
  readonly scripts?: readonly string[];
}

export function page({ title, header, content, footer, scripts = [] }: PageParts): Html {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title}</title>
  <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/album.css">
  ${scripts.map((script) => html`<script type="module" src="/assets/${script}"></script>`)}
</head>
<body>
  <a class="skip" href="#content">Skip to the pictures</a>
  <header class="top">${header}</header>
  <main id="content">${content}</main>
  <footer class="bottom">
    <p>Pictures in a bucket, thumbnails on a shared filesystem, the catalogue on a volume.</p>
    ${footer && html`<p class="release">Release <b>${footer.release}</b> <span aria-hidden="true">·</span> <code>${footer.instance}</code></p>`}
  </footer>
</body>
</html>`;
}

export function counted(count: number, noun: string): string {
  return `${count === 0 ? 'No' : count} ${noun}${count === 1 ? '' : 's'}`;
}
