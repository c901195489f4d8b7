import type { OpenAPIHono } from '@hono/zod-openapi';
import { problem } from './schemas.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** OpenAPI 3.1. Every operation fails in the same way, so that its routes need not repeat it. */
export function openApiDocument(app: OpenAPIHono, version: string) {
  app.openAPIRegistry.register('Problem', problem);
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Holdfast', version, description: 'A self-hosted app platform with persistent storage.' },
    security: [{ token: [] }],
  });
  const failure = {
    description: 'a problem document (RFC 9457)',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  for (const path of Object.values(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation) operation.responses = { ...operation.responses, default: failure };
    }
  }
  return document;
}
