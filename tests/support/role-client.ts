import { connectRpc, type RpcMethods } from '../../src/core/rpc.ts';

/** That the roles run which tests start by themselves, and their clients: the same, whatever changes meanwhile. */
export const TEST_CODE = Buffer.alloc(32, 'test code');

/** What such a role serves at its socket, as control sees it. */
export function roleClient<T extends RpcMethods<T>>(socketPath: string): T {
  return connectRpc<T>({ socketPath, code: TEST_CODE, role: 'test', peer: 'tested' });
}
