import assert from 'node:assert/strict'
import path from 'node:path'
import { it } from 'node:test'
import { pathToFileURL } from 'node:url'

const ANNOTATED = `--------------------------------------------------------------------------------
Ir
--------------------------------------------------------------------------------
2,240,014,587 (100.0%)  PROGRAM TOTALS

--------------------------------------------------------------------------------
Ir                    file:function
--------------------------------------------------------------------------------
1,544,168 ( 0.02%)  ???:rops_write_role_protocol_ws [/repo/build/lws_secure_streams.node]
  516,000 (12.02%)  ???:SsStream::Send(Napi::CallbackInfo const&) [/repo/build/lws_secure_streams.node]
  100,000 ( 4.02%)  ???:v8::internal::Heap::Scavenge() [/usr/bin/node]
       12 ( 0.00%)  ???:0x0000000000001000 [???]
`

it('counts the instructions of functions in the addon alone', async () => {
  const file = pathToFileURL(path.resolve('bench', 'callgrind.mjs')).href
  const { instructionsOf } = await import(file)
  assert.equal(instructionsOf(ANNOTATED, '/repo/build/lws_secure_streams.node'), 2_060_168)
})
