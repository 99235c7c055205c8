// Runs a block of code from the documents among what they introduce: a context with the policy of
// docs/streams.md, whose peers are real servers on this machine.

import { spawn } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { openContext, type Policy, type SecureStream } from 'lws-secure-streams'
import { normalizePolicy } from 'lws-secure-streams/policy'
import { CertificateAuthority, startMosquitto, starts } from '../peers/index.js'
import { blocksFolder } from './blocks.js'

const servers = { ...starts, mqtt: startMosquitto }

const command = path.resolve('dist', 'cli', 'main.mjs')

function documentedPolicy(): Policy {
  const block = /^```json\n(.*?)^```$/ms.exec(readFileSync('docs/streams.md', 'utf8'))
  return normalizePolicy(block?.[1] ?? '')
}

/** Puts the files that a block reads into a folder of its own, and goes there. */
function putFiles(block: string, files: Record<string, string | Buffer>): void {
  const folder = path.join(blocksFolder, 'files', path.basename(block))
  mkdirSync(folder, { recursive: true })
  process.chdir(folder)
  for (const [name, content] of Object.entries(files)) writeFileSync(name, content)
}

function destruction(stream: SecureStream): Promise<void> {
  return new Promise((resolve) => {
    stream.on('state', (state) => state === 'DESTROYING' && resolve())
  })
}

/** Runs shell commands, which find `lws-ss`, also by `npx`, and trust the peers. */
async function runCommands(block: string): Promise<void> {
  rmSync('lws-ss', { force: true })
  symlinkSync(command, 'lws-ss')
  writeFileSync('npx', '#!/bin/sh\nexec "$@"\n', { mode: 0o755 })
  const env = {
    ...process.env,
    SSL_CERT_FILE: 'ca.pem',
    PATH: [process.cwd(), process.env.PATH].join(path.delimiter),
  }
  const shell = spawn('sh', ['-eu', block], { env, stdio: 'inherit' })
  const [status] = await once(shell, 'close')
  if (status !== 0) throw new Error(`the commands ended with status ${status}`)
}

async function main(block: string): Promise<void> {
  const authority = await CertificateAuthority.create()
  const identity = await authority.issue()
  const policy = documentedPolicy()
  const peers = new Map()
  for (const definition of policy.s.flatMap((entry) => Object.values(entry))) {
    const { protocol = 'h1', tls = false } = definition
    const name = `${protocol} ${tls}`
    if (!peers.has(name)) peers.set(name, await servers[protocol](tls ? { tls: identity } : {}))
    Object.assign(definition, { endpoint: 'localhost', port: peers.get(name).port })
  }

  putFiles(block, {
    'policy.json': JSON.stringify(policy),
    'report.json': '{ "lamps": 3 }',
    'readings.txt': '20\n21\n',
    'ca.pem': authority.pem,
    'client.der': new X509Certificate(identity.cert).raw,
    'key.der': createPrivateKey(identity.key).export({ type: 'pkcs8', format: 'der' }),
  })
  const context = await openContext({ policy, ca: authority.pem })
  const stream = context.stream('chat')
  Object.assign(globalThis, { policy, context, stream })
  const over: Promise<unknown>[] = []
  subscribe('lws-secure-streams:stream', (message) => {
    over.push(destruction((message as { stream: SecureStream }).stream))
  })
  try {
    if (block.endsWith('.sh')) await runCommands(block)
    else await import(pathToFileURL(block).href)
    // Handlers go on after the code itself has ended.
    await Promise.all(over)
  } finally {
    context.destroy()
    for (const peer of peers.values()) await peer.close()
  }
}

main(process.argv[2] as string)
