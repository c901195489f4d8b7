import { hc } from 'hono/client';
import { type ErrorDetails, HoldfastError } from '../../core/errors.ts';
import { withEncodedParams } from './encoded-params.ts';
import type { Routes } from './routes.ts';

export type { FailedEvent, WebhookInfo } from '../../objects/webhook-contract.ts';
export type { MasterKeyRotationView, MasterKeyView } from '../master-key-view.ts';
export type {
  AppView,
  DeploymentView,
  InstanceView,
  KeyView,
  LogLine,
  NewKeyView,
  ReleaseView,
  ServiceView,
  StorageView,
} from '../platform.ts';
export type { ScrubPassView, ScrubView } from '../scrub-view.ts';

/** The API with the types of its routes and nothing of their code: `routes.ts` is imported for its type alone. */

export type ApiClient = ReturnType<typeof hc<Routes>>;

export interface ApiConnection {
  readonly url: string;
  readonly token: string;
}

/** A call rejects with the HoldfastError that the platform threw, or with that of `unreachable` when it does not answer. */
export function createApiClient(connection: ApiConnection, unreachable: (cause: unknown) => HoldfastError): ApiClient {
  const client = hc<Routes>(`${connection.url}/v1`, {
    headers: { authorization: `Bearer ${connection.token}` },
    fetch: async (input: string | URL | Request, init?: RequestInit) => {
      const response = await wholeAnswer(input, init).catch((error: unknown) => {
        throw init?.signal?.aborted ? error : unreachable(error);
      });
      if (response.ok) return response;
      throw problemError(response.status, await response.text());
    },
  });
  return withEncodedParams(client);
}

/** With a body of JSON read to its end, so that a platform that dies in between is unreachable too. Others stream. */
async function wholeAnswer(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if (!/\bjson$/.test(response.headers.get('content-type') ?? '')) return response;
  return new Response(await response.arrayBuffer(), response);
}

/** The error that a problem document describes; any other failure is somebody else's, a proxy's for instance. */
function problemError(status: number, body: string): HoldfastError {
  try {
    const details = JSON.parse(body) as ErrorDetails;
    if (typeof details.code === 'string' && typeof details.message === 'string') return new HoldfastError(details);
  } catch {
    // not JSON: told below
  }
  return new HoldfastError({
    code: 'api.unexpected',
    kind: 'internal',
    message: `the API answered with status ${status} and no problem document`,
    hint: 'check that HOLDFAST_URL is the address of a Holdfast API',
  });
}
