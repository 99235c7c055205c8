/** Servers behind nginx and haproxy, as docs/many-processes.md configures these. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import WebSocket from 'ws'
import { findProgram, freePort } from '../peers/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { httpServer } from './servers.js'
import { SteadyLoad } from './steady-load.js'

const guide = readFileSync('docs/many-processes.md', 'utf8')

/** The configuration that the guide shows, with other ports. */
function configuration(language: string, ports: Record<string, number>): string {
  const [, shown = ''] = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(guide) ?? []
  return shown.replace(/127\.0\.0\.1:(\d+)/g, (_, port) => `127.0.0.1:${ports[port]}`)
}

/** One of the servers, which leaves as the guide says. */
async function startBackend(name: string) {
  const metadata = [{ path: '' }, { from: 'x-forwarded-for:' }]
  const context = await openContext({
    policy: { s: [{ site: httpServer({ ws_subprotocol: 'chat', metadata }) }] },
  })
  let isLeaving = false
  let onRefused = () => {}
  const server = await context.serve('site', {
    transaction(txn) {
      if (txn.metadata.path !== '/health') return txn.ack().end(`${name} for ${txn.metadata.from}`)
      if (isLeaving) onRefused()
      return txn.ack(undefined, { status: isLeaving ? 503 : 200 }).end()
    },
    upgrade: (stream) => stream.send(`${name} for ${stream.getMetadata('from')}`),
  })
  return {
    server,
    /** Settles when the proxy was told so. */
    async announceEnd(): Promise<void> {
      const refused = new Promise<void>((resolve) => {
        onRefused = resolve
      })
      isLeaving = true
      await refused
    },
    close: () => context.close(),
    [Symbol.asyncDispose]: async () => {
      context.destroy()
      await context.close()
    },
  }
}

/** Settles when something listens at the port. */
async function listens(port: number, program: ChildProcess): Promise<void> {
  while (program.exitCode === null) {
    const socket = net.connect(port, '127.0.0.1')
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isThere) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${program.spawnfile} has ended with ${program.exitCode}`)
}

const proxies = [
  {
    name: 'nginx',
    checksHealth: false,
    prepare: (text: string, folder: string) =>
      text.replace(
        'http {',
        `daemon off; pid ${folder}/pid; error_log ${folder}/errors;
         http { access_log off; client_body_temp_path ${folder}/1; proxy_temp_path ${folder}/2;
         fastcgi_temp_path ${folder}/3; uwsgi_temp_path ${folder}/4; scgi_temp_path ${folder}/5;`,
      ),
    options: (config: string) => ['-e', 'stderr', '-c', config],
  },
  {
    name: 'haproxy',
    checksHealth: true,
    prepare: (text: string) => text,
    options: (config: string) => ['-db', '-q', '-f', config],
  },
]

describe('two servers behind a proxy', { timeout: 60_000 }, () => {
  const { file, put } = temporaryFolder()

  for (const { name, checksHealth, prepare, options } of proxies)
    test(`${name}: one of them leaves, and no request fails`, async () => {
      await using one = await startBackend('one')
      await using two = await startBackend('two')
      const port = await freePort()
      const ports = { 8080: port, 8081: one.server.port, 8082: two.server.port }
      const config = put(`${name}.conf`, prepare(configuration(name, ports), file('')))
      const program = spawn(findProgram(name), options(config), { stdio: 'ignore' })
      const over = once(program, 'exit')
      try {
        await listens(port, program)
        const load = new SteadyLoad(port)
        await load.answered(2)
        assert.deepEqual([...load.answers.keys()].sort(), [
          'one for 127.0.0.1',
          'two for 127.0.0.1',
        ])

        // They are given to each in turn.
        const people = await Promise.all([1, 2, 3, 4].map(() => join(port)))
        const leaving = people.filter(({ greeting }) => greeting === 'one for 127.0.0.1')
        assert.ok(leaving.length > 0 && leaving.length < 4, `${leaving.length}`)
        const told = leaving.map(({ socket }) => once(socket, 'close'))

        if (checksHealth) await one.announceEnd()
        await one.close()
        for (const [code] of await Promise.all(told)) assert.equal(code, 1001)
        const { greeting, socket } = await join(port)
        assert.equal(greeting, 'two for 127.0.0.1')
        await load.goesOn(500)
        await load.stop()
        assert.deepEqual(load.failures, [])
        for (const person of [...people, { socket }]) person.socket.terminate()
      } finally {
        program.kill('SIGKILL')
        await over
      }
    })

  async function join(port: number) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'chat')
    const [data] = await once(socket, 'message')
    return { socket, greeting: String(data) }
  }
})
