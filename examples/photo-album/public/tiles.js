export const grid = document.querySelector('#pictures');
const counter = document.querySelector('#count');
const template = document.querySelector('#tile');
const POLL_MS = 900;
let polling = false;

/** A tile for a picture that has just been stored; `preview` is shown until its thumbnail is there. */
export function addTile({ id, name }, preview) {
  const tile = template.content.firstElementChild.cloneNode(true);
  tile.dataset.id = id;
  tile.dataset.name = name;
  tile.querySelector('a').href = `/pictures/${id}`;
  if (preview) {
    const image = showImage(tile, preview);
    image.addEventListener('load', () => {
      tile.style.setProperty('--ratio', (image.naturalWidth / image.naturalHeight || 1).toFixed(4));
    });
  }
  grid.prepend(tile);
  count();
  followThumbnails();
}

export function removeTile(tile) {
  tile.remove();
  count();
}

/** Asks for the state of the album as long as it has pictures without a thumbnail. */
export async function followThumbnails() {
  if (polling) return;
  polling = true;
  while (grid.querySelector('.pending')) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const response = await fetch(`/api/albums/${grid.dataset.album}`).catch(() => undefined);
    if (!response?.ok) continue;
    const { pictures } = await response.json();
    for (const picture of pictures) updateTile(picture);
  }
  polling = false;
}

function updateTile({ id, thumbnail, width, height, color }) {
  const tile = grid.querySelector(`.pending[data-id="${id}"]`);
  if (!tile || thumbnail === 'pending') return;
  if (thumbnail === 'failed') {
    tile.classList.replace('pending', 'failed');
    const waiting = document.createElement('span');
    waiting.className = 'waiting';
    waiting.textContent = 'No preview';
    tile.querySelector('a').replaceChildren(waiting);
    return;
  }
  const loader = new Image();
  loader.onload = () => {
    tile.style.setProperty('--ratio', (width / height).toFixed(4));
    tile.style.setProperty('--color', color);
    tile.classList.replace('pending', 'ready');
    tile.classList.add('new');
    showImage(tile, loader.src);
  };
  loader.src = `/thumbnails/${id}`;
}

function showImage(tile, source) {
  const image = new Image();
  image.alt = tile.dataset.name;
  image.decoding = 'async';
  image.src = source;
  tile.querySelector('a').replaceChildren(image);
  return image;
}

function count() {
  const pictures = grid.children.length;
  counter.textContent = `${pictures || 'No'} picture${pictures === 1 ? '' : 's'}`;
}
