/** Servers on unix sockets: what they take the place of, and what they leave. */
import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { describe, test } from 'node:test'
import { openContext, type SecureStreamError } from 'lws-secure-streams'
import { findProgram } from '../peers/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { connectTo, echo, errnoOfAnybody, rawServer, servedPolicy, serveRaw } from './servers.js'

describe('a server on a unix socket', {
  timeout: 60_000,
  skip: process.platform === 'win32' && 'has none of these',
}, () => {
  const { file: inFolder } = temporaryFolder()
  const folder = inFolder('')
  let names = 0
  const newPath = () => inFolder(`socket-${names++}`)
  const at = (file: string) => ({ endpoint: `+${file}`, port: 0 })

  async function failureAt(file: string): Promise<NodeJS.ErrnoException> {
    await using context = await openContext({
      policy: servedPolicy({ served: rawServer(at(file)) }),
    })
    const error: SecureStreamError = await context.serve('served', echo).then(
      () => assert.fail('it listens'),
      (reason) => reason,
    )
    assert.equal(error.code, 'ERR_SS_LISTEN')
    return error.cause as NodeJS.ErrnoException
  }

  test('has a path instead of an address, and removes it at its end', async () => {
    const file = newPath()
    await using served = await serveRaw(echo, at(file))
    assert.equal(served.server.address, file)
    assert.equal(served.server.port, 0)
    const client = await connectTo(served.server)
    assert.equal(await client.echoes('by a path'), 'by a path')
    const [stream] = served.server.clients
    assert.equal(stream?.remoteAddress, undefined)
    const closed = served.server.close()
    await client.closed
    await closed
    assert.equal(existsSync(file), false)
  })

  test('is there for socat, too', async () => {
    const file = newPath()
    await using served = await serveRaw(
      { connection: (stream) => stream.send('hello, socat').then(() => stream.destroy()) },
      at(file),
    )
    const output = await new Promise<string>((resolve) => {
      execFile(
        findProgram('socat'),
        ['-u', `UNIX-CONNECT:${served.server.address}`, '-'],
        (_, out) => resolve(out),
      )
    })
    assert.equal(output, 'hello, socat')
  })

  test('takes the place of a server that died', async () => {
    const file = newPath()
    const script = `require('net').createServer().listen(${JSON.stringify(file)}, () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', script])
    assert.ok(lstatSync(file).isSocket())
    await using served = await serveRaw(echo, at(file))
    const client = await connectTo(served.server)
    assert.equal(await client.echoes('in its place'), 'in its place')
  })

  test('leaves one that lives, and its path', async () => {
    const file = newPath()
    const server = net
      .createServer((socket) => socket.on('error', () => {}).end('I live'))
      .listen(file)
    await once(server, 'listening')
    const cause = await failureAt(file)
    assert.equal(cause.code, 'EADDRINUSE')
    assert.equal((cause as { path?: string }).path, file)
    const client = await connectTo({ port: 0, address: file })
    await client.receives(6)
    assert.equal(client.text, 'I live')
    server.close()
  })

  test('leaves a file and a folder', async () => {
    const file = newPath()
    writeFileSync(file, 'mine')
    assert.equal((await failureAt(file)).code, 'EADDRINUSE')
    assert.equal(readFileSync(file, 'utf8'), 'mine')
    const directory = newPath()
    mkdirSync(directory)
    assert.equal((await failureAt(directory)).code, 'EADDRINUSE')
    assert.ok(lstatSync(directory).isDirectory())
  })

  test('leaves what has come in its place', async () => {
    const file = newPath()
    const served = await serveRaw(echo, at(file))
    rmSync(file)
    writeFileSync(file, 'mine')
    await served.server.close()
    await served.context.close()
    assert.equal(readFileSync(file, 'utf8'), 'mine')
  })

  test('leaves the socket of another that has come in its place', async () => {
    const file = newPath()
    const served = await serveRaw(echo, at(file))
    rmSync(file)
    const server = net.createServer((socket) => socket.end('I came later')).listen(file)
    await once(server, 'listening')
    await served.context.close()
    const client = await connectTo({ port: 0, address: file })
    await client.receives(12)
    assert.equal(client.text, 'I came later')
    server.close()
  })

  test('says that its path is too long, or its folder not there', async () => {
    assert.equal((await failureAt(path.join(folder, 'x'.repeat(110)))).code, 'ENAMETOOLONG')
    assert.equal((await failureAt(path.join(folder, 'none', 'socket'))).code, 'ENOENT')
  })

  test('says that it may not write there', async () => {
    const closed = newPath()
    mkdirSync(closed)
    chmodSync(closed, 0o500)
    const file = path.join(closed, 'socket')
    assert.equal(await errnoOfAnybody(rawServer(at(file))), 'EACCES')
  })

  test('may be in the abstract namespace, which leaves nothing', {
    skip: process.platform !== 'linux' && 'is only on Linux',
  }, async () => {
    const name = `@lws-ss-${process.pid}`
    writeFileSync(path.join(folder, name), 'mine')
    const before = process.cwd()
    process.chdir(folder)
    try {
      const served = await serveRaw(echo, at(name))
      assert.equal(served.server.address, name)
      const output = spawnSocat(name)
      assert.equal(await output, 'abstract')
      assert.equal((await failureAt(name)).code, 'EADDRINUSE')
      await served.context.close()
      assert.equal(readFileSync(path.join(folder, name), 'utf8'), 'mine')
    } finally {
      process.chdir(before)
    }
  })
})

/** What comes back from a socket in the abstract namespace. */
async function spawnSocat(name: string): Promise<string> {
  const socat = spawn(findProgram('socat'), ['-', `ABSTRACT-CONNECT:${name.slice(1)}`])
  socat.stdin.write('abstract')
  const [data] = (await once(socat.stdout, 'data')) as [Buffer]
  socat.stdin.end()
  await once(socat, 'close')
  return data.toString()
}
