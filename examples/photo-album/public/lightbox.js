import { grid, removeTile } from './tiles.js';

const dialog = document.querySelector('#lightbox');
const image = document.querySelector('#lightbox-image');
const name = document.querySelector('#lightbox-name');
const place = document.querySelector('#lightbox-place');
const download = document.querySelector('#lightbox-download');
const SWIPE = 50;
let current;
let touchStart;

export function openLightbox(tile) {
  show(tile);
  dialog.showModal();
}

function show(tile) {
  current = tile;
  const tiles = [...grid.children];
  const source = `/pictures/${tile.dataset.id}`;
  // The thumbnail is there at once; the original takes its place when it has come.
  const thumbnail = tile.querySelector('img');
  image.src = thumbnail?.src ?? source;
  const original = new Image();
  original.onload = () => {
    if (current === tile) image.src = source;
  };
  original.src = source;
  image.alt = name.textContent = tile.dataset.name;
  place.textContent = `${tiles.indexOf(tile) + 1} / ${tiles.length}`;
  download.href = source;
  download.download = tile.dataset.name;
  for (const [selector, other] of [
    ['.previous', tile.previousElementSibling],
    ['.next', tile.nextElementSibling],
  ]) {
    dialog.querySelector(selector).hidden = !other;
  }
}

function step(direction) {
  const other = direction < 0 ? current.previousElementSibling : current.nextElementSibling;
  if (other) show(other);
}

dialog.querySelector('.previous').addEventListener('click', () => step(-1));
dialog.querySelector('.next').addEventListener('click', () => step(1));
document.querySelector('#lightbox-close').addEventListener('click', () => dialog.close());
dialog.addEventListener('click', (event) => {
  if (event.target.tagName === 'FIGURE' || event.target === dialog) dialog.close();
});
dialog.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowLeft') step(-1);
  if (event.key === 'ArrowRight') step(1);
});
dialog.addEventListener('close', () => {
  image.removeAttribute('src');
  current?.querySelector('a')?.focus();
});
dialog.addEventListener('touchstart', (event) => {
  touchStart = event.touches.length === 1 ? event.touches[0].clientX : undefined;
});
dialog.addEventListener('touchend', (event) => {
  const moved = touchStart === undefined ? 0 : event.changedTouches[0].clientX - touchStart;
  if (Math.abs(moved) > SWIPE) step(moved > 0 ? -1 : 1);
});

document.querySelector('#lightbox-delete').addEventListener('click', async () => {
  if (!confirm('Delete this picture?')) return;
  const tile = current;
  const response = await fetch(`/pictures/${tile.dataset.id}`, { method: 'DELETE' }).catch(() => undefined);
  if (!response?.ok && response?.status !== 404) return alert('The picture could not be deleted. Please try again.');
  const neighbour = tile.nextElementSibling ?? tile.previousElementSibling;
  removeTile(tile);
  if (neighbour) show(neighbour);
  else dialog.close();
});
