import { type Html, html } from './html.ts';
import { page } from './layout.ts';

export function errorPage({ status, message }: { readonly status: number; readonly message: string }): Html {
  return page({
    title: `${status}`,
    header: html`<div class="heading"><nav aria-label="Breadcrumb"><a href="/">Albums</a></nav><h1>${status}</h1></div>`,
    content: html`<div class="empty"><h2>${message}</h2><p><a href="/">Back to the albums</a></p></div>`,
  });
}
