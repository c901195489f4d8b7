// The page of an album. Without this file it still shows pictures and takes uploads.
import { openLightbox } from './lightbox.js';
import { followThumbnails, grid } from './tiles.js';
import { takeUploads } from './uploads.js';

takeUploads();
followThumbnails();

grid.addEventListener('click', (event) => {
  const tile = event.target.closest('.tile[data-id]');
  if (!tile || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  openLightbox(tile);
});

document.querySelector('#delete-album').addEventListener('click', async () => {
  if (!confirm('Delete this album and all pictures in it?')) return;
  const response = await fetch(`/albums/${grid.dataset.album}`, { method: 'DELETE' });
  if (response.ok) location.assign('/');
  else alert('The album could not be deleted. Please try again.');
});
