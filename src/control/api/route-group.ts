import { OpenAPIHono, z } from '@hono/zod-openapi';
import { apiErrors } from './errors.ts';

/** A group of routes of one noun; what a schema refuses becomes one sentence that names the key. */
export function routeGroup(): OpenAPIHono {
  return new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return;
      const [issue] = result.error.issues;
      const key = issue?.path.join('.');
      throw apiErrors.requestInvalid(
        `${key ? `"${key}" in` : 'in'} the request's ${PART[result.target] ?? result.target}: ${issue?.message}`,
      );
    },
  });
}

const PART: Readonly<Record<string, string>> = { json: 'body', param: 'path' };

/** A response or request body in JSON. */
export const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

export const jsonBody = <S extends z.ZodType>(schema: S) => ({
  required: true as const,
  content: { 'application/json': { schema } },
});

/** Answers that carry nothing. */
export const noContent = (description: string) => ({ description });

export const appParams = z.object({ app: z.string().max(63) });
export const idParams = z.object({ id: z.string().max(255) });
export const flag = z.enum(['true', 'false']).optional();
