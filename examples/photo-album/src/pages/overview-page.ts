import type { AlbumSummary } from '../library.ts';
import { type Html, html } from './html.ts';
import { counted, type Footer, page } from './layout.ts';

export function overviewPage({
  albums,
  footer,
}: {
  readonly albums: readonly AlbumSummary[];
  readonly footer: Footer;
}): Html {
  const pictures = albums.reduce((sum, album) => sum + album.pictures, 0);
  return page({
    title: 'Albums',
    header: html`
      <div class="heading">
        <h1>Albums</h1>
        <p>${albums.length === 0 ? 'Your pictures, in one place' : `${counted(albums.length, 'album')}, ${counted(pictures, 'picture').toLowerCase()}`}</p>
      </div>
      ${newAlbumForm(albums.length === 0)}`,
    content: albums.length === 0 ? welcome : html`<ul class="albums">${albums.map(albumCard)}</ul>`,
    footer,
  });
}

function newAlbumForm(prominent: boolean): Html {
  return html`
    <form class="new-album" method="post" action="/albums">
      <label class="visually-hidden" for="title">Title of the new album</label>
      <input id="title" name="title" required maxlength="80" placeholder="Name a new album" autocomplete="off"${prominent && html` autofocus`}>
      <button class="primary">Create</button>
    </form>`;
}

function albumCard(album: AlbumSummary): Html {
  const covers = album.covers.map(
    (picture) =>
      html`<img src="/thumbnails/${picture.id}" alt="" loading="lazy" decoding="async" style="background:${picture.color ?? 'transparent'}">`,
  );
  return html`
    <li>
      <a class="album-card" href="/albums/${album.id}">
        <span class="cover" data-count="${covers.length}">${covers.length === 0 ? emptyCover : covers}</span>
        <span class="album-title">${album.title}</span>
        <span class="album-facts">${counted(album.pictures, 'picture')}</span>
      </a>
    </li>`;
}

const emptyCover = html`
  <svg viewBox="0 0 48 48" width="48" height="48" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
    <rect x="6" y="9" width="36" height="30" rx="4"/><circle cx="17" cy="19" r="3.5"/><path d="m7 34 10-9 7 6 8-9 9 9"/>
  </svg>`;

const welcome = html`
  <div class="empty">
    <img src="/assets/welcome.svg" alt="" width="320" height="200">
    <h2>Start your first album</h2>
    <p>Give it a name above, then drop your pictures in. They stay, whatever is deployed.</p>
  </div>`;
