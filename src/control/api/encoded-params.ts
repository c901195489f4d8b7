import { HoldfastError } from '../../core/errors.ts';

/** Names that a URL's path cannot carry as a segment (WHATWG URL, "double-dot URL path segment"); nothing has one of them. */
const NO_SEGMENT = /^(?:\.|%2e){0,2}$/i;

/** The client of hono puts names into the path as they are: of one with a slash or a question mark it would ask something else. */
export function withEncodedParams<Client extends object>(client: Client): Client {
  return new Proxy(client, {
    get: (target, property, receiver) => {
      const value = Reflect.get(target, property, receiver);
      return typeof value === 'function' ? withEncodedParams(value) : value;
    },
    apply: (target, self, [request, ...rest]) =>
      Reflect.apply(target as unknown as (...args: unknown[]) => unknown, self, [encoded(request), ...rest]),
  });
}

function encoded<T>(request: T): T {
  const { param } = (request ?? {}) as { readonly param?: Readonly<Record<string, string>> };
  if (!param) return request;
  const segments = Object.entries(param).map(([name, value]) => [name, segment(value)] as const);
  return { ...request, param: Object.fromEntries(segments) };
}

function segment(value: string): string {
  if (!NO_SEGMENT.test(value)) return encodeURIComponent(value);
  throw new HoldfastError({ code: 'name.invalid', kind: 'invalid', message: `"${value}" is not the name of anything` });
}
