import { fileURLToPath } from 'node:url';
import type { Storage } from '@holdfast/storage';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import multer from 'multer';
import { isId, newId } from './ids.ts';
import { AlbumGone, type Library } from './library.ts';
import { albumPage } from './pages/album-page.ts';
import { errorPage } from './pages/error-page.ts';
import type { Html } from './pages/html.ts';
import type { Footer } from './pages/layout.ts';
import { overviewPage } from './pages/overview-page.ts';
import { sendPicture } from './picture-response.ts';
import { NotAPicture, type Pictures } from './pictures.ts';
import type { SharedFolder } from './shared-folder.ts';
import { createUploads } from './upload.ts';

export interface AppParts {
  readonly storage: Storage;
  readonly library: Library;
  readonly pictures: Pictures;
  readonly shared: SharedFolder;
  readonly footer: Footer;
}

/** Where `POST /upload` puts pictures that name no album. */
const DEFAULT_ALBUM = { id: '0000000000000000000', title: 'Camera roll', createdAt: 0 };
const HEALTH_TIMEOUT_MS = 3_000;
const MAX_TITLE = 80;
const FOR_EVER = 'private, max-age=31536000, immutable';
const PUBLIC = fileURLToPath(new URL('../public', import.meta.url));

export function createApp({ storage, library, pictures, shared, footer }: AppParts): Express {
  const uploads = createUploads(pictures);
  const app = express();
  app.disable('x-powered-by');
  app.use(securityHeaders, refuseCrossSite);
  app.use('/assets', express.static(PUBLIC, { maxAge: 0, fallthrough: false }));

  app.get('/', (_req, res) => {
    sendHtml(res, overviewPage({ albums: library.albums(), footer }));
  });

  app.post(
    '/albums',
    express.urlencoded({ extended: false, limit: '10kb' }),
    express.json({ limit: '10kb' }),
    (req, res) => {
      const title = String(req.body?.title ?? '')
        .trim()
        .slice(0, MAX_TITLE);
      if (title === '') return sendError(req, res, 400, 'Give the album a title.');
      const album = { id: newId(), title, createdAt: Date.now() };
      library.createAlbum(album);
      if (wantsHtml(req)) return res.redirect(303, `/albums/${album.id}`);
      res.status(201).location(`/albums/${album.id}`).json(album);
    },
  );

  app.get('/albums/:id', (req, res, next) => {
    const album = library.album(req.params.id);
    if (album === undefined) return next();
    sendHtml(res, albumPage({ album, pictures: library.pictures(album.id), footer }));
  });

  app.delete('/albums/:id', async (req, res) => {
    await pictures.removeAlbum(req.params.id);
    res.status(204).end();
  });

  app.post('/albums/:id/pictures', async (req, res, next) => {
    const { id } = req.params;
    if (library.album(id) === undefined) return next();
    const stored = await uploads.several(req, res);
    if (stored.length === 0) return sendError(req, res, 400, 'Choose at least one picture (form field “pictures”).');
    for (const picture of stored) await pictures.add(id, picture);
    if (wantsHtml(req)) return res.redirect(303, `/albums/${id}`);
    res.status(201).json(stored.map(({ id, key, name }) => ({ id, key, name, url: storage.url(key) })));
  });

  app.post('/upload', async (req, res) => {
    const stored = await uploads.single(req, res);
    if (stored === undefined) return sendError(req, res, 400, 'Send one picture in the form field “picture”.');
    library.ensureAlbum({ ...DEFAULT_ALBUM, createdAt: Date.now() });
    await pictures.add(DEFAULT_ALBUM.id, stored);
    const { id, key } = stored;
    res
      .status(201)
      .location(`/pictures/${id}`)
      .json({ id, key, url: storage.url(key) });
  });

  app.get('/pictures/:id', async (req, res, next) => {
    const picture = library.picture(req.params.id);
    if (picture === undefined) return next();
    res.set('Cache-Control', FOR_EVER);
    await sendPicture(req, res, { picture, storage });
  });

  app.delete('/pictures/:id', async (req, res, next) => {
    const picture = library.picture(req.params.id);
    if (picture === undefined) return next();
    await pictures.remove(picture);
    res.status(204).end();
  });

  app.get('/thumbnails/:id', (req, res, next) => {
    const { id } = req.params;
    if (!isId(id)) return next();
    const options = { headers: { 'Cache-Control': FOR_EVER }, cacheControl: false, dotfiles: 'allow' } as const;
    res.sendFile(shared.thumbnailPath(id), options, (error) => {
      if (error && !res.headersSent) next();
    });
  });

  app.get('/api/albums/:id', (req, res, next) => {
    const album = library.album(req.params.id);
    if (album === undefined) return next();
    res.set('Cache-Control', 'no-store').json({ ...album, pictures: library.pictures(album.id) });
  });

  app.get('/api/status', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ ...footer, ...library.counts() });
  });

  app.get('/healthz', async (_req, res) => {
    library.check();
    await storage.list({ limit: 1, signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) }).next();
    res.json({ status: 'ok', ...footer });
  });

  app.use((req, res) => sendError(req, res, 404, 'There is nothing here (any more).'));
  app.use(answerError);
  return app;
}

const securityHeaders: RequestHandler = (_req, res, next) => {
  res.set({
    'Content-Security-Policy':
      "default-src 'self'; img-src 'self' blob:; style-src-attr 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  });
  next();
};

/** Pages of other sites cannot change anything here. Programs send no Sec-Fetch-Site. */
const refuseCrossSite: RequestHandler = (req, res, next) => {
  const site = req.get('Sec-Fetch-Site');
  const reading = req.method === 'GET' || req.method === 'HEAD';
  if (reading || site === undefined || site === 'same-origin') return next();
  sendError(req, res, 403, 'Requests from other sites are refused.');
};

const answerError: ErrorRequestHandler = (error, req, res, next) => {
  if (res.headersSent) return next(error);
  const status = statusOf(error);
  if (status >= 500) console.error(`${req.method} ${req.path}:`, error);
  sendError(req, res, status, status < 500 ? messageOf(error) : 'Something went wrong; please try again.');
};

function statusOf(error: unknown): number {
  if (error instanceof NotAPicture) return 415;
  if (error instanceof AlbumGone) return 404;
  if (error instanceof multer.MulterError) return error.code === 'LIMIT_FILE_SIZE' ? 413 : 400;
  const status = (error as { status?: unknown }).status;
  const ours = error instanceof Error && error.name !== 'StorageError' && typeof status === 'number';
  return ours ? status : 500;
}

function messageOf(error: unknown): string {
  if (!(error instanceof multer.MulterError)) return (error as Error).message;
  if (error.code === 'LIMIT_FILE_SIZE') return 'A picture may have 40 MB at most.';
  if (error.code === 'LIMIT_FILE_COUNT') return 'At most 20 pictures at once, please.';
  return `${error.message}${error.field ? ` (${error.field})` : ''}`;
}

function wantsHtml(req: express.Request): boolean {
  return req.accepts(['json', 'html']) === 'html';
}

function sendHtml(res: express.Response, page: Html): void {
  res.set('Cache-Control', 'no-store').type('html').send(page.toString());
}

function sendError(req: express.Request, res: express.Response, status: number, message: string): void {
  res.status(status).set('Cache-Control', 'no-store');
  if (wantsHtml(req)) sendHtml(res, errorPage({ status, message }));
  else res.json({ error: message });
}
