import type { Album, Picture } from '../library.ts';
import { type Html, html } from './html.ts';
import { counted, type Footer, page } from './layout.ts';

export interface AlbumPageParts {
  readonly album: Album;
  readonly pictures: readonly Picture[];
  readonly footer: Footer;
}

export function albumPage({ album, pictures, footer }: AlbumPageParts): Html {
  return page({
    title: album.title,
    header: html`
      <div class="heading">
        <nav aria-label="Breadcrumb"><a href="/">Albums</a></nav>
        <h1>${album.title}</h1>
        <p id="count" aria-live="polite">${counted(pictures.length, 'picture')}</p>
      </div>
      <div class="actions">
        <button class="quiet danger" id="delete-album" type="button">Delete album</button>
        ${uploadForm(album)}
      </div>`,
    content: html`
      <ul class="pictures" id="pictures" data-album="${album.id}">${pictures.map(pictureTile)}</ul>
      ${emptyAlbum}
      ${uploadTray}
      ${lightbox}
      <div class="drop-hint" aria-hidden="true"><p>Drop to add to <b>${album.title}</b></p></div>
      ${tileTemplate}`,
    footer,
    scripts: ['album.js'],
  });
}

/** Works without JavaScript too: choose, send, come back. */
function uploadForm(album: Album): Html {
  return html`
    <form class="upload" id="upload" method="post" action="/albums/${album.id}/pictures" enctype="multipart/form-data">
      <label class="primary button" for="files">Add pictures</label>
      <input class="visually-hidden" id="files" type="file" name="pictures" multiple required
             accept="image/jpeg,image/png,image/webp,image/avif,image/gif">
      <noscript><button>Upload</button></noscript>
    </form>`;
}

function pictureTile(picture: Picture): Html {
  const { id, name, thumbnail, width, height, color } = picture;
  const ratio = width && height ? (width / height).toFixed(4) : '1';
  const inside =
    thumbnail === 'ready'
      ? html`<img src="/thumbnails/${id}" alt="${name}" loading="lazy" decoding="async">`
      : html`<span class="waiting">${thumbnail === 'failed' ? 'No preview' : 'Preparing…'}</span>`;
  return html`<li class="tile ${thumbnail}" data-id="${id}" data-name="${name}" style="--ratio:${ratio};--color:${color ?? 'transparent'}"><a href="/pictures/${id}">${inside}</a></li>`;
}

const tileTemplate = html`
  <template id="tile"><li class="tile pending" style="--ratio:1"><a><span class="waiting">Preparing…</span></a></li></template>`;

const emptyAlbum = html`
  <div class="empty" id="empty">
    <img src="/assets/welcome.svg" alt="" width="320" height="200">
    <h2>Nothing here yet</h2>
    <p>Drop pictures anywhere on this page, or <label for="files" class="link">choose some</label>.</p>
  </div>`;

const uploadTray = html`
  <section class="tray" id="tray" aria-label="Uploads" hidden>
    <header><h2 id="tray-title" aria-live="polite">Uploading</h2><button class="quiet" type="button" id="tray-close" aria-label="Close the list of uploads">✕</button></header>
    <ol id="tray-list"></ol>
  </section>
  <template id="tray-item"><li><img alt="" width="40" height="40"><div><b></b><progress max="1" value="0"></progress><small></small></div></li></template>`;

const lightbox = html`
  <dialog class="lightbox" id="lightbox" aria-label="Picture">
    <figure><img id="lightbox-image" alt=""><figcaption><span id="lightbox-name"></span><span id="lightbox-place"></span></figcaption></figure>
    <button class="round previous" type="button" aria-label="Previous picture">${icon('m15 5-7 7 7 7')}</button>
    <button class="round next" type="button" aria-label="Next picture">${icon('m9 5 7 7-7 7')}</button>
    <div class="lightbox-actions">
      <a class="round" id="lightbox-download" aria-label="Download the original" download>${icon('M12 4v11m-5-5 5 5 5-5M5 20h14')}</a>
      <button class="round" type="button" id="lightbox-delete" aria-label="Delete this picture">${icon('M5 7h14M10 7V4h4v3m-7 0 1 13h8l1-13')}</button>
      <button class="round" type="button" id="lightbox-close" aria-label="Close">${icon('m6 6 12 12M18 6 6 18')}</button>
    </div>
  </dialog>`;

function icon(path: string): Html {
  return html`<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><path d="${path}"/></svg>`;
}
