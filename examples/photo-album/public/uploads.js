import { addTile } from './tiles.js';

const form = document.querySelector('#upload');
const files = document.querySelector('#files');
const tray = document.querySelector('#tray');
const title = document.querySelector('#tray-title');
const list = document.querySelector('#tray-list');
const item = document.querySelector('#tray-item');
const AT_ONCE = 3;
const SHOWN_AFTER_MS = 4000;

const waiting = [];
let running = 0;
let total = 0;
let stored = 0;
let refused = 0;

/** Takes files from the button, from drag and drop, and from the clipboard. */
export function takeUploads() {
  files.addEventListener('change', () => {
    enqueue(files.files);
    form.reset();
  });
  document.addEventListener('paste', (event) => enqueue(event.clipboardData.files));
  document.querySelector('#tray-close').addEventListener('click', () => {
    tray.hidden = true;
  });
  takeDrops();
}

function takeDrops() {
  let depth = 0; // dragenter and dragleave come for every element that is passed
  const show = (change) => {
    depth = Math.max(0, change === 0 ? 0 : depth + change);
    document.body.classList.toggle('dragging', depth > 0);
  };
  const hasFiles = (event) => event.dataTransfer?.types.includes('Files');
  addEventListener('dragenter', (event) => hasFiles(event) && show(1));
  addEventListener('dragleave', (event) => hasFiles(event) && show(-1));
  addEventListener('dragover', (event) => hasFiles(event) && event.preventDefault());
  addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show(0);
    enqueue(event.dataTransfer.files);
  });
  addEventListener('beforeunload', (event) => {
    if (running > 0) event.preventDefault();
  });
}

function enqueue(chosen) {
  const added = [...chosen];
  if (added.length === 0) return;
  if (running === 0 && waiting.length === 0) {
    total = stored = refused = 0;
    list.replaceChildren();
  }
  total += added.length;
  for (const file of added) waiting.push({ file, row: addRow(file) });
  tray.hidden = false;
  while (running < AT_ONCE && waiting.length > 0) void work();
  report();
}

async function work() {
  running += 1;
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    await send(next);
    report();
  }
  running -= 1;
  report();
}

async function send({ file, row }) {
  try {
    const [picture] = await post(file, (fraction) => {
      row.progress.value = fraction;
      row.note.textContent = fraction < 1 ? `${Math.round(fraction * 100)} %` : 'Storing…';
    });
    stored += 1;
    row.element.className = 'done';
    row.note.textContent = 'Stored';
    addTile(picture, row.preview);
  } catch (error) {
    refused += 1;
    row.element.className = 'refused';
    row.note.textContent = error.message;
  }
}

/** XMLHttpRequest, as fetch does not tell the progress of an upload. */
function post(file, onProgress) {
  return new Promise((resolve, reject) => {
    const body = new FormData();
    body.append('pictures', file);
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
    request.onerror = () => reject(new Error('The connection broke off.'));
    request.onload = () => {
      if (request.status === 201) return resolve(request.response);
      reject(new Error(request.response?.error ?? `The server answered ${request.status}.`));
    };
    request.open('POST', form.action);
    request.setRequestHeader('Accept', 'application/json');
    request.responseType = 'json';
    request.send(body);
  });
}

function addRow(file) {
  const element = item.content.firstElementChild.cloneNode(true);
  const preview = file.type.startsWith('image/') ? URL.createObjectURL(file) : undefined;
  const image = element.querySelector('img');
  if (preview) image.src = preview;
  element.querySelector('b').textContent = file.name;
  const row = { element, preview, progress: element.querySelector('progress'), note: element.querySelector('small') };
  row.progress.ariaLabel = `Upload of ${file.name}`;
  row.note.textContent = 'Waiting';
  list.append(element);
  return row;
}

function report() {
  if (running > 0) {
    title.textContent = `Uploading ${Math.min(stored + refused + 1, total)} of ${total}`;
    return;
  }
  title.textContent = refused === 0 ? `${stored} stored` : `${stored} stored, ${refused} not`;
  const finished = total;
  if (refused > 0) return;
  setTimeout(() => {
    if (running === 0 && total === finished) tray.hidden = true;
  }, SHOWN_AFTER_MS);
}
